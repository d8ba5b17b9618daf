import { parseBase64, isRecord, member, textAt } from './shape.ts';
import { namedDeliveries, type WebhookMessage } from './sender.ts';

/** A CloudEvent (https://github.com/cloudevents/spec), in whichever mode it came. */
export interface CloudEvent {
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly data: unknown;
  /** What makes it this one: its source and id, and the time for those who give each the same id. */
  readonly identity: string | undefined;
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
    const identity = identityOf(source, headers.get('ce-id'), headers.get('ce-time'));
    return [{ type, source, subject: headers.get('ce-subject') ?? '', data: body, identity }];
  }
  if (!Array.isArray(body)) return isStructured(body) ? [structured(body)] : undefined;
  if (!isStructured(body[0])) return undefined;
  return body.map((event) => structured(event));
}

function isStructured(body: unknown): boolean {
  return textAt(body, 'specversion') !== undefined && textAt(body, 'type') !== undefined;
}

/** What names the CloudEvents in a message; none where it holds none, or one without a name. */
export function cloudEventIdsOf(message: WebhookMessage): readonly string[] {
  return namedDeliveries((cloudEventsOf(message) ?? []).map(({ identity }) => identity));
}

function identityOf(
  source: string,
  id: string | null | undefined,
  time: string | null | undefined,
): string | undefined {
  return id ? JSON.stringify([source, id, time ?? '']) : undefined;
}

function structured(event: unknown): CloudEvent {
  const source = textAt(event, 'source') ?? '';
  return {
    type: textAt(event, 'type') ?? '',
    source,
    subject: textAt(event, 'subject') ?? '',
    data: dataOf(event),
    identity: identityOf(source, textAt(event, 'id'), textAt(event, 'time')),
  };
}

function dataOf(event: unknown): unknown {
  const data = member(event, 'data');
  if (isRecord(data)) return data;
  const encoded = textAt(event, 'data_base64');
  return encoded === undefined ? data : parseBase64(encoded);
}
