import { expect, it } from 'vitest';
import { readAs, type Sent } from './webhook-reading.ts';

/** A body, the signals in it or why it is refused, and the reasons for what gave no signal, where they matter. */
export type WebhookRow = readonly [
  name: string,
  body: unknown,
  expected: readonly string[] | string,
  reasons?: readonly string[],
];

/** A test for each row: the body read as the sender called `sender`, with the headers and the configured hosts given. */
export function webhookTable(
  sender: string,
  rows: readonly WebhookRow[],
  sent: Pick<Sent, 'headers' | 'hosts'> = {},
): void {
  const cases = rows.map(([name, body, expected, reasons]) => ({
    name,
    body,
    expected:
      typeof expected === 'string'
        ? { refused: expected }
        : { signals: expected, ...(reasons !== undefined && { ignored: reasons }) },
  }));
  it.each(cases)('$name', ({ body, expected }) => {
    expect(readAs(sender, { ...sent, body })).toMatchObject(expected);
  });
}
