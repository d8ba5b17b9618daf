import { parseDuration } from '../core/duration.ts';
import { fail, ok } from '../core/result.ts';
import type { Reader } from './values.ts';

const URL_EXPECTED = 'an http or https URL without a user name and a fragment';

/** The address of a receiver. It may hold a secret in its path or query, and is kept exactly as it is written. */
export const readReceiverUrl: Reader<string> = (text) => {
  const url = URL.parse(text);
  const right =
    url !== null &&
    /^https?:\/\//i.test(text) &&
    !/\s/.test(text) &&
    text.length <= 4096 &&
    url.username === '' &&
    url.password === '' &&
    url.hash === '';
  return right ? ok(text) : fail(URL_EXPECTED);
};

/** A short text for people, such as a name. */
export const readShortText: Reader<string> = (text) =>
  /^\P{C}{1,80}$/u.test(text) ? ok(text) : fail('a text of 1 to 80 visible characters');

/** An emoji as Slack names it. */
export const readEmoji: Reader<string> = (text) =>
  /^:[^:\s]{1,98}:$/.test(text) ? ok(text) : fail('an emoji such as :rocket:');

/** The key of a signature: any text, as programs on the other side must be given the same. */
export const readSigningKey: Reader<string> = (text) =>
  text.length <= 1024 ? ok(text) : fail('a text of at most 1024 characters');

/** With what Slack signs what it posts for one app. Slack's own have 32 characters. */
export const readSlackSecret: Reader<string> = (text) =>
  /^[\x21-\x7e]{16,256}$/.test(text)
    ? ok(text)
    : fail('a signing secret of Slack: 16 to 256 characters without spaces');

/** A person in Slack: `U012AB3CD`, or `T0123ABCD/U012AB3CD` with the workspace. */
export const readSlackUser: Reader<string> = (text) =>
  /^(?:[A-Z0-9]{2,40}\/)?[A-Z0-9]{2,40}$/.test(text)
    ? ok(text)
    : fail('the id of a Slack user such as U012AB3CD, or T0123ABCD/U012AB3CD with the workspace');

/** A proxy for outgoing requests. */
export const readProxyUrl: Reader<string> = (text) => {
  const url = URL.parse(text);
  const right = url !== null && ['http:', 'https:'].includes(url.protocol) && url.hostname !== '';
  return right ? ok(text) : fail('the URL of an HTTP proxy, such as http://proxy.example.com:3128');
};

/** How long one try may take, in milliseconds. */
export const readTimeout = readDurationBetween([1000, '1s'], [300_000, '5m']);

/** How long tries go on, in milliseconds. */
export const readRetryTime = readDurationBetween([60_000, '1m'], [7 * 86_400_000, '7d']);

function readDurationBetween(
  least: readonly [number, string],
  most: readonly [number, string],
): Reader<number> {
  return (text) => {
    const parsed = parseDuration(text);
    return parsed.ok && parsed.value >= least[0] && parsed.value <= most[0]
      ? parsed
      : fail(`a duration from ${least[1]} to ${most[1]}`);
  };
}
