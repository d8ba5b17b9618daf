import { badRequest, unsupportedMediaType } from './api-error.ts';
import { stringAt, type JsonObject } from './json.ts';
import { PROTOBUF_MESSAGES, type Field, type FieldType, type Message } from './protobuf-messages.ts';

/**
 * Reads the Kubernetes flavour of protobuf (https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding)
 * for the kinds of `PROTOBUF_MESSAGES`.
 */

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
const ENVELOPE: Message = {
  1: {
    name: 'typeMeta',
    type: { 1: { name: 'apiVersion', type: 'string' }, 2: { name: 'kind', type: 'string' } },
  },
};
const RAW_FIELD = 2;

interface WireField {
  readonly number: number;
  /** A number, or the bytes of something with a length. */
  readonly value: number | Buffer;
}

/**
 * The object in `bytes` as JSON.
 * @throws ApiError 400 for what is no protobuf, 415 for a kind or a field that is not read: nothing is dropped silently.
 */
export function readProtobuf(bytes: Buffer): JsonObject {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw badRequest('the body is not Kubernetes protobuf');
  const fields = readFields(bytes.subarray(MAGIC.length));
  const envelope = toObject(
    fields.filter(({ number }) => ENVELOPE[number] !== undefined),
    ENVELOPE,
  );
  const apiVersion = stringAt(envelope, 'typeMeta', 'apiVersion');
  const kind = stringAt(envelope, 'typeMeta', 'kind');
  const message = PROTOBUF_MESSAGES[`${apiVersion}/${kind}`];
  const raw = fields.find(({ number }) => number === RAW_FIELD)?.value;
  if (message === undefined || !Buffer.isBuffer(raw)) throw unsupportedMediaType(['application/json']);
  return { apiVersion, kind, ...toObject(readFields(raw), message) };
}

function readFields(bytes: Buffer): readonly WireField[] {
  const fields: WireField[] = [];
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[offset];
      if (byte === undefined) throw badRequest('the protobuf body ends too early');
      offset += 1;
      value += (byte % 128) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw badRequest('the protobuf body has a number that is too long');
  };
  while (offset < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        fields.push({ number, value: varint() });
        break;
      case 2: {
        const length = varint();
        const value = bytes.subarray(offset, offset + length);
        if (value.length < length) throw badRequest('the protobuf body ends too early');
        fields.push({ number, value });
        offset += length;
        break;
      }
      default:
        throw unsupportedMediaType(['application/json']);
    }
  }
  return fields;
}

function toObject(fields: readonly WireField[], message: Message): JsonObject {
  const object: JsonObject = {};
  for (const { number, value } of fields) {
    const field = message[number];
    if (field !== undefined) setField(object, field, value);
    // Clients write the fields that they leave empty too.
    else if (value !== 0 && !(Buffer.isBuffer(value) && value.length === 0))
      throw unsupportedMediaType(['application/json']);
  }
  return object;
}

function setField(object: JsonObject, field: Field, value: number | Buffer): void {
  const { name, type, repeated = false } = field;
  if (type === 'ignored') return;
  const before = object[name];
  if (type === 'map' || type === 'bytesMap') {
    object[name] = { ...(typeof before === 'object' ? before : {}), ...toEntry(value, type) };
    return;
  }
  const decoded = decode(value, type);
  if (repeated) object[name] = [...(Array.isArray(before) ? before : []), decoded ?? ''];
  else if (decoded !== undefined) object[name] = decoded;
}

/** Undefined for what is as good as absent. */
function decode(value: number | Buffer, type: Exclude<FieldType, 'map' | 'bytesMap' | 'ignored'>): unknown {
  if (Buffer.isBuffer(value)) {
    if (type === 'string') return value.length === 0 ? undefined : value.toString('utf8');
    if (typeof type === 'object') return toObject(readFields(value), type);
  } else {
    if (type === 'number') return value;
    if (type === 'positive') return value === 0 ? undefined : value;
    if (type === 'bool') return value === 0 ? undefined : true;
  }
  throw badRequest('the protobuf body has a field of the wrong type');
}

function toEntry(value: number | Buffer, type: 'map' | 'bytesMap'): JsonObject {
  if (!Buffer.isBuffer(value)) throw badRequest('the protobuf body has a field of the wrong type');
  const fields = readFields(value);
  const part = (number: number): Buffer => {
    const found = fields.find((field) => field.number === number)?.value;
    return Buffer.isBuffer(found) ? found : Buffer.alloc(0);
  };
  return { [part(1).toString('utf8')]: part(2).toString(type === 'map' ? 'utf8' : 'base64') };
}
