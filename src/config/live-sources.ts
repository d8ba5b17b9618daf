import { editDistanceUpTo } from '../core/edit-distance.ts';
import { isLiveKey, LIVE_KEYS, LIVE_SETTINGS, type LiveKey } from './live-table.ts';
import type { Environment } from './problem.ts';

/** Where a value comes from. */
export interface LiveSource {
  readonly kind: 'environment' | 'file' | 'configmap' | 'secret' | 'default';
  /** The variable, the path, or the object's name; empty for a default. */
  readonly name: string;
}

/** A value as it is written somewhere, and under which spelling of its key. */
export interface LiveEntry {
  readonly text: string;
  readonly spelled: string;
}

/** A key that means nothing, or not there. */
export interface StrangeKey {
  readonly spelled: string;
  /** What would be right. */
  readonly expected: string;
}

/** All that one place says. */
export interface LiveLayer {
  /** The same for the same place. */
  readonly id: string;
  readonly source: LiveSource;
  readonly entries: ReadonlyMap<LiveKey, LiveEntry>;
  readonly strange: readonly StrangeKey[];
  /** Why nothing of it can be read, as what would be right; then what it said before goes on to hold. */
  readonly broken?: string;
  /** Which keys it may hold; all of them without it. */
  readonly holds?: (key: LiveKey) => boolean;
  /** Whether somebody else tells of what is wrong with it. */
  readonly silent?: boolean;
}

export type LayerBasics = Pick<LiveLayer, 'id' | 'source' | 'holds' | 'silent'>;

/** What belongs to the dashboard's own ConfigMap and file. */
export function isOfDashboard(key: LiveKey): boolean {
  return ['refresh_interval', 'max_items_per_page'].includes(key) || key.startsWith('observability.');
}

/** Where a setting stands in the JSON of the API; the same spelling is understood in files. */
export function memberOf(key: LiveKey): string {
  if (/^(?:slack|teams|webhook)\./.test(key)) return `notifications.${key}`;
  return key.includes('.') ? key : `dashboard.${key}`;
}

/** All ways to write a key, the ConfigMap's own first. */
export function spellingsOf(key: LiveKey): readonly string[] {
  return [key, memberOf(key), ...(LIVE_SETTINGS[key].aliases ?? [])];
}

const KEY_OF = new Map(LIVE_KEYS.flatMap((key) => spellingsOf(key).map((spelled) => [spelled, key])));
const MAX_STRANGE = 20;
const MAX_DEPTH = 8;

/** What the environment says: variables that are set, as `readSettings` has checked them. */
export function environmentLayer(env: Environment): LiveLayer {
  const entries = LIVE_KEYS.flatMap((key) => {
    const { variable } = LIVE_SETTINGS[key];
    const text = variable === undefined ? '' : (env[variable]?.trim() ?? '');
    return variable === undefined || text === '' ? [] : [[key, { text, spelled: variable }] as const];
  });
  const source: LiveSource = { kind: 'environment', name: '' };
  return { id: 'environment', source, entries: new Map(entries), strange: [] };
}

/** What stands under flat, dotted keys. Other things may stand in the same ConfigMap: variables, and files to mount. */
export function flatLayer(basics: LayerBasics, data: Readonly<Record<string, string>>): LiveLayer {
  const isOther = (key: string): boolean => /^[A-Z_][A-Z0-9_]*$/.test(key) || /\.[a-z]{2,6}$/.test(key);
  const pairs = Object.entries(data).filter(([key]) => KEY_OF.has(key) || !isOther(key));
  return toLayer(basics, pairs);
}

/** What the Secret holds; what else stands in it is nobody's business. */
export function secretLayer(basics: LayerBasics, data: Readonly<Record<string, string>>): LiveLayer {
  const entries = LIVE_KEYS.flatMap((key) => {
    const { secretKey } = LIVE_SETTINGS[key];
    const text = secretKey === undefined ? '' : (data[secretKey]?.trim() ?? '');
    return secretKey === undefined || text === '' ? [] : [[key, { text, spelled: secretKey }] as const];
  });
  return { ...basics, entries: new Map(entries), strange: [] };
}

/** What a document says (`config.yaml`): the same keys, as nested tables. */
export function documentLayer(basics: LayerBasics, document: unknown): LiveLayer {
  if (document === null || document === undefined) return toLayer(basics, []);
  if (!isTable(document)) return brokenLayer(basics, 'a table of settings such as polling and observability');
  return toLayer(basics, flatten(document));
}

/** A place of which nothing can be read. */
export function brokenLayer(basics: LayerBasics, expected: string): LiveLayer {
  return { ...basics, entries: new Map(), strange: [], broken: expected };
}

/** The leaves of nested tables, with dots between the keys of their way. What is null is not said. */
export function flatten(table: object, prefix = '', depth = 1): readonly (readonly [string, unknown])[] {
  return Object.entries(table).flatMap(([key, value]): readonly (readonly [string, unknown])[] => {
    const path = `${prefix}${key}`;
    return isTable(value) && depth < MAX_DEPTH ? flatten(value, `${path}.`, depth + 1) : [[path, value]];
  });
}

/** What would be right in place of a key that there is not. */
export function expectedInstead(spelled: string, known: Iterable<string> = KEY_OF.keys()): string {
  const all = [...known];
  const below = all.filter((key) => key.startsWith(`${spelled}.`));
  if (below.length > 0) {
    const members = new Set(below.map((key) => key.slice(spelled.length + 1).split('.')[0] ?? ''));
    return `a table of ${[...members].join(', ')}`;
  }
  const near = all.find((key) => editDistanceUpTo(2, key.toLowerCase(), spelled.toLowerCase()) !== undefined);
  return near === undefined ? 'nothing: there is no such setting' : `${near}, if that is meant`;
}

/** A value as text, as it would stand in the ConfigMap. */
export function toText(value: unknown): string {
  return typeof value === 'string' ? value.trim() : (JSON.stringify(value) ?? '');
}

function toLayer(basics: LayerBasics, pairs: readonly (readonly [string, unknown])[]): LiveLayer {
  const { holds = () => true } = basics;
  const entries = new Map<LiveKey, LiveEntry>();
  const strange: StrangeKey[] = [];
  for (const [spelled, value] of pairs) {
    const key = KEY_OF.get(spelled);
    const text = value === null ? '' : toText(value);
    if (key === undefined) strange.push({ spelled, expected: expectedInstead(spelled) });
    else if (!holds(key))
      strange.push({ spelled, expected: 'nothing here: it belongs into headwind-config' });
    // An empty text is no value, as in the environment. Of two spellings, the ConfigMap's own counts.
    else if (text !== '' && (isLiveKey(spelled) || !entries.has(key))) entries.set(key, { text, spelled });
  }
  return { ...basics, entries, strange: basics.silent === true ? [] : strange.slice(0, MAX_STRANGE) };
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
