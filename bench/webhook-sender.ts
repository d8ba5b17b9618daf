import { setTimeout as sleep } from 'node:timers/promises';
import { postWebhook, type PushedTag } from './webhook-body.ts';

const MOST_TRIES = 120;
const AGAIN_AFTER_MS = 1000;

/**
 * Sends the notification as registries do, again and again until it is accepted. Answers how often it was sent. Throws
 * where it is refused for good, or not accepted within two minutes.
 */
export async function postUntilAccepted(server: string, pushed: PushedTag): Promise<number> {
  for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
    const { status, body } = await postWebhook(server, pushed);
    if (status === 200) return tries;
    if (status !== 429 && status !== 503)
      throw new Error(`a webhook was answered ${status}: ${JSON.stringify(body)}`);
    await sleep(AGAIN_AFTER_MS);
  }
  throw new Error(`a webhook was not accepted, though sent ${MOST_TRIES} times`);
}
