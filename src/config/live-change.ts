import { fail, ok, type Result } from '../core/result.ts';
import { jsonOf, nameSource, type LiveState } from './live-resolution.ts';
import { expectedInstead, flatten, memberOf, spellingsOf, toText } from './live-sources.ts';
import { LIVE_KEYS, LIVE_SETTINGS, type LiveKey } from './live-table.ts';
import { showValue } from './problem.ts';

/** What stands in the API in place of a secret that there is; sent back, it leaves the secret as it is. */
export const SET = 'set';

/** Members of the answer that are no settings; who sends the answer back may leave them in. */
export const ANSWERED_ONLY: ReadonlySet<string> = new Set(['sources', 'problems', 'message', 'changed']);

/** What is to be written: a text for each key, null where it is to go. */
export interface LiveWrites {
  readonly configMap: Readonly<Record<string, string | null>>;
  readonly secret: Readonly<Record<string, string | null>>;
  /** What is different afterwards. */
  readonly changed: readonly LiveKey[];
}

/** Why a change is refused as a whole. */
export type LiveRefusal =
  /** The members that are wrong, each with what would be right. */
  | { readonly kind: 'invalid'; readonly messages: readonly string[] }
  /** The members that the environment or a file fixes. */
  | { readonly kind: 'fixed'; readonly messages: readonly string[] };

export interface ChangeOptions {
  readonly state: LiveState;
  /** Whether nothing may be sent to this host, whoever asks for it. */
  readonly forbidsHost: (host: string) => boolean;
}

const MEMBERS = new Map(LIVE_KEYS.map((key) => [memberOf(key), key]));

/**
 * Works out what a wish comes to: JSON with some of the settings, in the API's shape. Only what is sent is changed; null
 * takes a value back. What is sent and holds already is no change, so that a whole answer can be sent back.
 */
export function planChange(body: object, options: ChangeOptions): Result<LiveWrites, LiveRefusal> {
  const { state } = options;
  const wishes = new Map<LiveKey, string | null>();
  const invalid: string[] = [];
  for (const [member, value] of flatten(body)) {
    if (ANSWERED_ONLY.has(member.split('.')[0] ?? '')) continue;
    const key = MEMBERS.get(member);
    if (key === undefined) {
      invalid.push(`${showValue(member)}: expected ${expectedInstead(member, MEMBERS.keys())}`);
      continue;
    }
    if (isAsItIs(key, value, state)) continue;
    const wish = value === null ? null : toText(value);
    const wrong = wish === null ? undefined : problemWith(key, wish, options);
    if (wrong === undefined) wishes.set(key, wish === '' ? null : wish);
    else invalid.push(`${member}: expected ${wrong}`);
  }
  invalid.push(...missing(wishes, state));
  if (invalid.length > 0) return fail({ kind: 'invalid', messages: invalid });
  const fixed = [...wishes.keys()].flatMap((key) => {
    const by = state.origins.get(key)?.fixedBy;
    return by === undefined ? [] : [`${memberOf(key)} is set by ${nameSource(by)}`];
  });
  return fixed.length > 0 ? fail({ kind: 'fixed', messages: fixed }) : ok(toWrites(wishes));
}

/** Whether the value holds already, and is written so that it can be read. */
function isAsItIs(key: LiveKey, value: unknown, state: LiveState): boolean {
  if (LIVE_SETTINGS[key].secretKey !== undefined)
    return value === SET || (value === null && !state.texts.has(key));
  const isUnreadable = state.problems.some((problem) => spellingsOf(key).includes(problem.key));
  return !isUnreadable && value === jsonOf(key, state);
}

function problemWith(key: LiveKey, text: string, { forbidsHost }: ChangeOptions): string | undefined {
  if (text === '') return undefined;
  const read = LIVE_SETTINGS[key].read(text);
  if (!read.ok) return read.error;
  const url = /[uU]rl$/.test(key) ? URL.parse(text) : null;
  return url !== null && forbidsHost(url.hostname)
    ? 'an address that is not link-local and no metadata service'
    : undefined;
}

const ADDRESSES: ReadonlyMap<LiveKey, LiveKey> = new Map([
  ['slack.enabled', 'slack.webhookUrl'],
  ['teams.enabled', 'teams.webhookUrl'],
  ['webhook.enabled', 'webhook.url'],
]);

/** What would be switched on without an address. */
function missing(wishes: ReadonlyMap<LiveKey, string | null>, state: LiveState): readonly string[] {
  const after = (key: LiveKey): string | undefined =>
    wishes.has(key) ? (wishes.get(key) ?? undefined) : state.texts.get(key)?.text;
  return [...ADDRESSES].flatMap(([flag, address]) => {
    if (!wishes.has(flag) && !wishes.has(address)) return [];
    const isOn = LIVE_SETTINGS[flag].toJson(after(flag)) === true;
    return isOn && after(address) === undefined
      ? [`${memberOf(address)}: expected the address to notify, since ${memberOf(flag)} is true`]
      : [];
  });
}

function toWrites(wishes: ReadonlyMap<LiveKey, string | null>): LiveWrites {
  const configMap: Record<string, string | null> = {};
  const secret: Record<string, string | null> = {};
  for (const [key, text] of wishes) {
    const { secretKey } = LIVE_SETTINGS[key];
    if (secretKey !== undefined) secret[secretKey] = text;
    // A secret that stands in the ConfigMap moves to where it belongs.
    if (secretKey !== undefined || text === null)
      for (const spelled of spellingsOf(key)) configMap[spelled] = null;
    else configMap[key] = text;
  }
  return { configMap, secret, changed: [...wishes.keys()] };
}
