import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import type { Answer } from './message.ts';
import { SendError } from './send-error.ts';
import { createSlackReplies } from './slack-reply.ts';
import type { Outgoing } from './transport.ts';

const URL = 'https://hooks.slack.com/actions/T0/1/hunter2';

function replies(answers: readonly (number | Error | Partial<Answer>)[]) {
  const clock = new FakeClock();
  const sent: Outgoing[] = [];
  const logged: object[] = [];
  const slackReplies = createSlackReplies({
    transport: {
      post: async (outgoing) => {
        const next = answers[Math.min(sent.length, answers.length - 1)] ?? 200;
        sent.push(outgoing);
        if (next instanceof Error) throw next;
        return { status: 200, text: '', ...(typeof next === 'number' ? { status: next } : next) };
      },
    },
    clock,
    random: () => 0,
    log: { warn: (fields) => logged.push(fields) },
  });
  const send = (url: string, body: string, signal?: AbortSignal): Promise<boolean> =>
    slackReplies.send(url, body, signal);
  return { clock, sent, logged, send };
}

describe('an answer to Slack', () => {
  it('is posted as JSON, with no way to link-local addresses', async () => {
    const slack = replies([200]);
    expect(await slack.send(URL, '{}')).toBe(true);
    expect(slack.sent).toMatchObject([
      {
        url: URL,
        body: '{}',
        allowLinkLocal: false,
        headers: { 'content-type': expect.stringMatching(/json/) },
      },
    ]);
  });

  it('is tried again after 1, 2 and 4 seconds, and then no more', async () => {
    const slack = replies([500, new SendError('later', 'closed the connection'), 429, 503]);
    const arrived = slack.send(URL, '{}');
    for (const [ms, tries] of [
      [999, 1],
      [1, 2],
      [2000, 3],
      [4000, 4],
      [60_000, 4],
    ] as const) {
      await slack.clock.advance(ms);
      expect(slack.sent).toHaveLength(tries);
    }
    expect(await arrived).toBe(false);
    expect(slack.logged).toEqual([{ reason: 'Slack answered 503', tries: 4 }]);
    expect(slack.clock.pending).toBe(0);
  });

  it('waits as long as Slack wishes, and not for ever', async () => {
    const slack = replies([{ status: 429, retryAfter: '5' }, { status: 429, retryAfter: '3600' }, 200]);
    const arrived = slack.send(URL, '{}');
    await slack.clock.advance(4999);
    expect(slack.sent).toHaveLength(1);
    await slack.clock.advance(1);
    expect(slack.sent).toHaveLength(2);
    await slack.clock.advance(30_000);
    expect(await arrived).toBe(true);
  });

  it.each([302, 400, 403, 404, 410])(
    'is given up on %d, and its address stands in no log',
    async (status) => {
      const slack = replies([status]);
      expect(await slack.send(URL, '{}')).toBe(false);
      expect(slack.sent).toHaveLength(1);
      expect(JSON.stringify(slack.logged)).not.toContain('hunter2');
    },
  );

  it('ends when it is told to', async () => {
    const slack = replies([500]);
    const ending = new AbortController();
    const arrived = slack.send(URL, '{}', ending.signal);
    await slack.clock.advance(100);
    ending.abort();
    expect(await arrived).toBe(false);
    expect(slack.clock.pending).toBe(0);
  });
});
