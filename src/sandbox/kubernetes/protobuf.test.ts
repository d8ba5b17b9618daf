import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApiError } from './api-error.ts';
import { readProtobuf } from './protobuf.ts';

const bytes = (...parts: readonly (number | string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));

const field = (number: number, content: Buffer | string): Buffer =>
  bytes(number * 8 + 2, Buffer.byteLength(content), content);

function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  return bytes('k8s\0', field(1, bytes(field(1, apiVersion), field(2, kind))), field(2, raw));
}

function failureOf(body: Buffer): unknown {
  try {
    readProtobuf(body);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('the protobuf of kubectl', () => {
  test('is read into the object that the JSON would be', () => {
    const metadata = field(
      1,
      bytes(field(1, 'settings'), field(2, ''), field(11, bytes(field(1, 'k'), field(2, 'v'))), 7 * 8, 0),
    );
    const data = [
      ['a', '1'],
      ['b', '2'],
    ].map(([key = '', value = '']) => field(2, bytes(field(1, key), field(2, value))));
    expect(readProtobuf(envelope('v1', 'ConfigMap', bytes(metadata, ...data)))).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', labels: { k: 'v' } },
      data: { a: '1', b: '2' },
    });
  });

  test('has the bytes of a Secret as base64', () => {
    const data = field(2, bytes(field(1, 'key'), field(2, 'value')));
    expect(readProtobuf(envelope('v1', 'Secret', data))).toMatchObject({ data: { key: 'dmFsdWU=' } });
  });

  test('with a field that is not known is refused, not read in part', () => {
    const raw = bytes(field(1, field(1, 'x')), field(9, 'something'));
    expect(() => readProtobuf(envelope('v1', 'ConfigMap', raw))).toThrow(
      expect.objectContaining({ code: 415 }),
    );
  });

  test('of a kind that is not known is refused', () => {
    expect(() => readProtobuf(envelope('v1', 'Node', Buffer.alloc(0)))).toThrow(
      expect.objectContaining({ code: 415 }),
    );
  });

  test('never fails in another way than with a Status', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, wrapped) => {
        const raw = Buffer.from(noise);
        const body = wrapped ? envelope('apps/v1', 'Deployment', raw) : bytes('k8s\0', raw);
        const failure = failureOf(body);
        expect(failure === undefined || failure instanceof ApiError).toBe(true);
      }),
    );
  });
});
