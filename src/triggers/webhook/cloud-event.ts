import { parseBase64, isRecord, member, textAt } from './shape.ts';
import type { WebhookMessage } from './sender.ts';

/** A CloudEvent (https://github.com/cloudevents/spec), in whichever mode it came. */
export interface CloudEvent {
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly data: unknown;
}

/**
 * The CloudEvents in a message: one in structured mode (the body has `specversion` and `type`), one in binary mode (the
 * headers `ce-*` have them and the body is the data), or a batch. Undefined where it is none of these.
 *
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */
export function cloudEventsOf({ headers, body }: WebhookMessage): readonly CloudEvent[] | undefined {
  const type = headers.get('ce-type');
  if (type) {
    const source = headers.get('ce-source') ?? '';
    return [{ type, source, subject: headers.get('ce-subject') ?? '', data: body }];
  }
  if (!Array.isArray(body)) return isStructured(body) ? [structured(body)] : undefined;
  if (!isStructured(body[0])) return undefined;
  return body.map((event) => structured(event));
}

function isStructured(body: unknown): boolean {
  return textAt(body, 'specversion') !== undefined && textAt(body, 'type') !== undefined;
}

function structured(event: unknown): CloudEvent {
  return {
    type: textAt(event, 'type') ?? '',
    source: textAt(event, 'source') ?? '',
    subject: textAt(event, 'subject') ?? '',
    data: dataOf(event),
  };
}

function dataOf(event: unknown): unknown {
  const data = member(event, 'data');
  if (isRecord(data)) return data;
  const encoded = textAt(event, 'data_base64');
  return encoded === undefined ? data : parseBase64(encoded);
}
