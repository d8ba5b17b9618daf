import type { Clock } from '../core/clock.ts';
import { readRetryAfter } from './delivery.ts';
import type { Answer } from './message.ts';
import { toSendError } from './send-error.ts';
import type { Transport } from './transport.ts';

export interface SlackRepliesOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: { warn(fields: object, message: string): void };
}

/** Answers to the address that Slack gives with each pressed button. */
export interface SlackReplies {
  /**
   * Posts a body, with a few more tries where that may help; whether it has arrived. The address is a secret and stands
   * in no log. Ends early, with false, once the signal aborts.
   */
  send(responseUrl: string, body: string, signal?: AbortSignal): Promise<boolean>;
}

/** Slack takes five answers to one button, and one button has two at most. */
const MAX_TRIES = 4;
const TIMEOUT_MS = 5000;
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;
const WORTH_ANOTHER_TRY = new Set([408, 425, 429]);

export function createSlackReplies({ transport, clock, random, log }: SlackRepliesOptions): SlackReplies {
  const tryOnce = async (url: string, body: string, signal?: AbortSignal): Promise<Answer | string> => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    try {
      return await transport.post({
        url,
        body,
        headers,
        timeoutMs: TIMEOUT_MS,
        allowLinkLocal: false,
        signal,
      });
    } catch (error) {
      return toSendError(error).message;
    }
  };
  return {
    async send(responseUrl, body, signal) {
      for (let tries = 1; ; tries += 1) {
        const answer = await tryOnce(responseUrl, body, signal);
        if (hasArrived(answer)) return true;
        if (tries >= MAX_TRIES || !mayWorkLater(answer) || signal?.aborted === true) {
          const reason = typeof answer === 'string' ? `Slack ${answer}` : `Slack answered ${answer.status}`;
          log.warn({ reason, tries }, 'Answer to a button in Slack did not arrive');
          return false;
        }
        await pause(clock, pauseAfter(tries, answer, { clock, random }), signal);
      }
    },
  };
}

function hasArrived(answer: Answer | string): boolean {
  return typeof answer !== 'string' && answer.status >= 200 && answer.status < 300;
}

function mayWorkLater(answer: Answer | string): boolean {
  return typeof answer === 'string' || answer.status >= 500 || WORTH_ANOTHER_TRY.has(answer.status);
}

function pauseAfter(
  tries: number,
  answer: Answer | string,
  { clock, random }: Pick<SlackRepliesOptions, 'clock' | 'random'>,
): number {
  const wished = typeof answer === 'string' ? undefined : readRetryAfter(answer.retryAfter, clock.now());
  const own = FIRST_PAUSE_MS * 2 ** (tries - 1) * (1 - random() / 2);
  return Math.min(Math.max(own, wished ?? 0), MAX_PAUSE_MS);
}

function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(delayMs, end);
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted === true) end();
  });
}
