import { z } from 'zod';

/** A span as a collector got it, with what its process says of itself. */
export interface TakenSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The spans of other traces that it is tied to. */
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2: failed. */
  readonly status: number;
  readonly resource: Readonly<Record<string, unknown>>;
}

const Value = z.looseObject({
  stringValue: z.string().optional(),
  intValue: z.coerce.number().optional(),
  doubleValue: z.number().optional(),
  boolValue: z.boolean().optional(),
  arrayValue: z.object({ values: z.array(z.looseObject({ stringValue: z.string().optional() })) }).optional(),
});
const Attributes = z
  .array(z.object({ key: z.string(), value: Value }))
  .default([])
  .transform((all) => Object.fromEntries(all.map(({ key, value }) => [key, plain(value)])));
const Span = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().default(''),
  name: z.string(),
  kind: z.number(),
  attributes: Attributes,
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
  status: z.object({ code: z.number().default(0) }).default({ code: 0 }),
});
const Export = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: Attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(Span) })),
    }),
  ),
});

function plain(value: z.infer<typeof Value>): unknown {
  const { stringValue, intValue, doubleValue, boolValue, arrayValue } = value;
  if (arrayValue !== undefined) return arrayValue.values.map((item) => item.stringValue);
  return stringValue ?? intValue ?? doubleValue ?? boolValue;
}

/** The spans of one export as OTLP/JSON. Throws for anything else. */
export function readJsonExport(body: Buffer): readonly TakenSpan[] {
  return Export.parse(JSON.parse(body.toString('utf8'))).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({ ...span, status: span.status.code, resource: resource.attributes })),
    ),
  );
}

/**
 * The spans of one export as OTLP/protobuf: what they are called and what traces they are in. Throws for anything else. Numbers of
 * fields: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
export function readProtobufExport(
  body: Buffer,
): readonly Pick<TakenSpan, 'traceId' | 'spanId' | 'parentSpanId' | 'name'>[] {
  return inside(body, [1, 2, 2]).map((span) => {
    const bytes = (field: number): Buffer => inside(span, [field])[0] ?? Buffer.alloc(0);
    return {
      traceId: bytes(1).toString('hex'),
      spanId: bytes(2).toString('hex'),
      parentSpanId: bytes(4).toString('hex'),
      name: bytes(5).toString('utf8'),
    };
  });
}

/** All that lies at a path of fields whose contents have a length (https://protobuf.dev/programming-guides/encoding/). */
function inside(message: Buffer, [field, ...rest]: readonly number[]): readonly Buffer[] {
  if (field === undefined) return [message];
  const found: Buffer[] = [];
  let at = 0;
  const varint = (): number => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at);
      at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const type = tag % 8;
    if (type === 0) varint();
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === 2) {
      const length = varint();
      if (Math.floor(tag / 8) === field) found.push(message.subarray(at, at + length));
      at += length;
    } else throw new Error(`protobuf has no wire type ${type}`);
  }
  return found.flatMap((part) => inside(part, rest));
}
