import { isIP } from 'node:net';
import { DURATION_EXPECTED, formatDuration, parseDuration } from '../core/duration.ts';
import { normaliseHost } from '../core/image-reference.ts';
import { parseLogFilter, type LogFilter } from '../core/log-filter.ts';
import { fail, ok, type Result } from '../core/result.ts';

/** Reads the text of a variable; the failure says what would be right. */
export type Reader<T> = (text: string) => Result<T>;

const TRUE = new Set(['true', '1', 'yes', 'on']);
const FALSE = new Set(['false', '0', 'no', 'off']);
const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const HOST_AND_PORT =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9a-fA-F:]{2,39}\])(?::\d{1,5})?$/;

/** `true`, `1`, `yes`, `on` and their opposites, in any case. */
export const readBoolean: Reader<boolean> = (text) => {
  const lower = text.toLowerCase();
  if (TRUE.has(lower)) return ok(true);
  return FALSE.has(lower) ? ok(false) : fail('true or false (also 1, yes, on; 0, no, off)');
};

/** A duration in milliseconds. */
export const readDuration: Reader<number> = (text) => {
  const parsed = parseDuration(text);
  return parsed.ok ? parsed : fail(DURATION_EXPECTED);
};

/** A duration in milliseconds, at least one second. */
export const readInterval: Reader<number> = (text) => {
  const parsed = parseDuration(text);
  return parsed.ok && parsed.value >= 1000 ? parsed : fail(`${DURATION_EXPECTED}, and at least 1s`);
};

/** A duration in milliseconds, at most so long. */
export function readDurationUpTo(mostMs: number): Reader<number> {
  return (text) => {
    const parsed = parseDuration(text);
    return parsed.ok && parsed.value <= mostMs
      ? parsed
      : fail(`a duration such as 5s, at most ${formatDuration(mostMs)}`);
  };
}

/** A whole number from `least` to `most`. */
export function readWhole(least: number, most: number): Reader<number> {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? ok(value) : fail(`a whole number from ${least} to ${most}`);
  };
}

/** A TCP port; 0 lets the system choose a free one. */
export const readPort: Reader<number> = (text) => {
  const port = readWhole(0, 65_535)(text);
  return port.ok ? port : fail('a port from 1 to 65535, or 0 for any free one');
};

/** One word of a list, in any case. */
export function readOneOf<const T extends string>(words: readonly T[]): Reader<T> {
  return (text) => {
    const found = words.find((word) => word === text.toLowerCase());
    return found === undefined ? fail(listWords(words)) : ok(found);
  };
}

/** An authentication mode. */
export type AuthMode = 'none' | 'simple' | 'token' | 'proxy';
export const readAuthMode: Reader<AuthMode> = readOneOf(['none', 'simple', 'token', 'proxy']);

/** What tokens are meant for: URLs or names, separated by commas. */
export const readAudiences: Reader<readonly string[]> = readList(
  (text) => (/^[\x21-\x7e]{1,256}$/.test(text) ? ok(text) : fail('')),
  'audiences such as https://headwind.example.com, separated by commas',
);

/** The name of an HTTP header. */
export const readHeaderName: Reader<string> = (text) =>
  /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(text)
    ? ok(text)
    : fail('the name of a header, such as X-Forwarded-User');

/** An address to listen on: IPv4, IPv6 or `localhost`. */
export const readAddress: Reader<string> = (text) =>
  isIP(text) > 0 || text === 'localhost' ? ok(text) : fail('an IP address such as 0.0.0.0, :: or 127.0.0.1');

/** A namespace's name. */
export const readNamespace: Reader<string> = (text) =>
  DNS_LABEL.test(text) ? ok(text) : fail('the name of a namespace (lower-case letters, digits and -)');

/** Names of namespaces, separated by commas, each once. */
export const readNamespaces: Reader<readonly string[]> = readList(
  readNamespace,
  'names of namespaces, separated by commas',
);

/** Registry hosts as they stand in image names, separated by commas, each once. */
export const readRegistryHosts: Reader<readonly string[]> = readList(
  (text) => (HOST_AND_PORT.test(text) ? ok(normaliseHost(text)) : fail('')),
  'registry hosts without a scheme, such as registry.local:5000, separated by commas',
);

/** An http or https URL without credentials; a slash at the end is cut off. */
export const readUrl: Reader<string> = (text) => {
  const url = URL.parse(text);
  const right =
    url != null &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  return right ? ok(text.replace(/\/{1,9}$/, '')) : fail('a URL such as https://headwind.example.com');
};

/** Log directives as for Rust's `RUST_LOG`. */
export const readLogFilter: Reader<LogFilter> = (text) => {
  const parsed = parseLogFilter(text);
  if (parsed.ok) return parsed;
  return fail(
    `directives such as info or headwind=debug,headwind::registry=trace; unknown: ${parsed.error.join(', ')}`,
  );
};

/** What a program shows another one to be let in. */
export const readToken: Reader<string> = (text) =>
  /^[\x21-\x7e]{1,1024}$/.test(text) ? ok(text) : fail('a token: at most 1024 characters without blanks');

/** Any text. */
export const readText: Reader<string> = ok;

function readList(readItem: Reader<string>, expected: string): Reader<readonly string[]> {
  return (text) => {
    const items: string[] = [];
    for (const part of text.split(',').map((item) => item.trim())) {
      if (part === '') continue;
      const item = readItem(part);
      if (!item.ok) return fail(`${expected}; not one: ${part}`);
      items.push(item.value);
    }
    return ok([...new Set(items)]);
  };
}

function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}
