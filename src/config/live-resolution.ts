import { REDACTED, redactText } from '../core/redact.ts';
import type { LiveSettings } from './live-settings.ts';
import type { LiveEntry, LiveLayer, LiveSource } from './live-sources.ts';
import {
  collectLive,
  LIVE_KEYS,
  LIVE_SETTINGS,
  type JsonScalar,
  type LiveKey,
  valueOf,
} from './live-table.ts';
import { showValue } from './problem.ts';

/** Something that is written and does not count, or should not stand there. */
export interface LiveProblem {
  readonly source: LiveSource;
  /** As written; empty where the whole place is meant. */
  readonly key: string;
  /** Short, and nothing of a secret. */
  readonly value: string;
  /** What would be right. */
  readonly expected: string;
  /** What counts in place of it. `used`: it counts all the same. `ignored`: it means nothing. */
  readonly effect: 'last-good' | 'default' | 'used' | 'ignored';
}

/** Where the value of one setting comes from. */
export interface Origin {
  readonly source: LiveSource;
  /** The environment or a file: what they say cannot be changed from within. */
  readonly fixedBy?: LiveSource;
}

/** What holds, and what has to be remembered for the next time. */
export interface LiveState {
  readonly settings: LiveSettings;
  readonly origins: ReadonlyMap<LiveKey, Origin>;
  readonly problems: readonly LiveProblem[];
  /** The text that each setting was last read from; absent where the default counts. */
  readonly texts: ReadonlyMap<LiveKey, LiveEntry & { readonly source: LiveSource }>;
  /** What each place said when it could be read last. */
  readonly entries: ReadonlyMap<string, LiveLayer['entries']>;
}

const DEFAULT: LiveSource = { kind: 'default', name: '' };

type Found = LiveEntry & { readonly source: LiveSource };

/** A layer of which `lost` says whether nothing at all is known. */
type KnownLayer = LiveLayer & { readonly lost: boolean };

/**
 * Says what holds now: for each setting the first of `layers` that has it. What cannot be read is never taken for "not
 * said": the value before goes on to hold (`before`, absent at the start), and a problem tells of it.
 */
export function resolveLive(layers: readonly LiveLayer[], before: LiveState | undefined): LiveState {
  const known = layers.map((layer) => remembered(layer, before));
  const texts = new Map<LiveKey, Found>();
  const problems: LiveProblem[] = layers.flatMap((layer) => problemsOfLayer(layer, before));
  const origins = new Map<LiveKey, Origin>();
  for (const key of LIVE_KEYS) {
    const found = choose(key, known, before);
    problems.push(...problemsOf(key, known, before));
    if (found !== undefined) texts.set(key, found);
    const fixing = known.find(({ source, entries }) => isFixed(source) && entries.has(key));
    const fixedBy = fixing === undefined ? undefined : sourceOf(fixing, key);
    origins.set(key, { source: found?.source ?? DEFAULT, ...(fixedBy && { fixedBy }) });
  }
  enableWithToken(texts);
  const settings = collectLive((key) => valueOf(LIVE_SETTINGS[key], texts.get(key)?.text));
  return {
    settings,
    origins,
    texts,
    problems: [...problems, ...missingAddresses(settings, origins)],
    entries: new Map(known.map(({ id, entries }) => [id, entries])),
  };
}

/** One value as JSON. */
export function jsonOf(key: LiveKey, { texts }: Pick<LiveState, 'texts'>): JsonScalar {
  return LIVE_SETTINGS[key].toJson(texts.get(key)?.text);
}

/** Names a place for a person. */
export function nameSource({ kind, name }: LiveSource): string {
  const words = {
    environment: 'the environment variable ',
    file: 'the file ',
    configmap: 'the ConfigMap ',
    secret: 'the Secret ',
    default: 'the default',
  };
  return `${words[kind]}${name}`;
}

function isFixed({ kind }: LiveSource): boolean {
  return kind === 'environment' || kind === 'file';
}

/** The layer; where nothing of it can be read, with what it said before. */
function remembered(layer: LiveLayer, before: LiveState | undefined): KnownLayer {
  if (layer.broken === undefined) return { ...layer, lost: false };
  const entries = before?.entries.get(layer.id);
  return { ...layer, entries: entries ?? layer.entries, lost: before === undefined };
}

function sourceOf({ source }: LiveLayer, key: LiveKey): LiveSource {
  const { variable = '' } = LIVE_SETTINGS[key];
  return source.kind === 'environment' ? { ...source, name: variable } : source;
}

/** Where nobody has said whether InfluxDB is asked, it is if there is a token to ask it with. */
function enableWithToken(texts: Map<LiveKey, Found>): void {
  const key = 'observability.influxdb.enabled';
  if (!texts.has(key) && texts.has('observability.influxdb.token'))
    texts.set(key, { text: 'true', spelled: key, source: DEFAULT });
}

/** The text that counts; undefined for the default. */
function choose(
  key: LiveKey,
  layers: readonly KnownLayer[],
  before: LiveState | undefined,
): Found | undefined {
  for (const layer of layers) {
    const entry = layer.entries.get(key);
    const source = sourceOf(layer, key);
    if (entry !== undefined && LIVE_SETTINGS[key].read(entry.text).ok) return { ...entry, source };
    if (entry === undefined && !mayHaveHeld(layer, key)) continue;
    if (before !== undefined) return before.texts.get(key);
    const careful = carefulOf(key, source);
    if (careful !== undefined) return careful;
  }
  return undefined;
}

/** Whether nothing of a layer is known that may say something about the setting. */
function mayHaveHeld({ lost, holds = () => true }: KnownLayer, key: LiveKey): boolean {
  return lost && holds(key);
}

/** Where nothing was known before: what does less, where the setting has that. */
function carefulOf(key: LiveKey, source: LiveSource): Found | undefined {
  const { careful } = LIVE_SETTINGS[key];
  return careful === undefined ? undefined : { text: careful, spelled: key, source };
}

function problemsOf(
  key: LiveKey,
  layers: readonly KnownLayer[],
  before: LiveState | undefined,
): readonly LiveProblem[] {
  return layers.flatMap((layer): readonly LiveProblem[] => {
    const entry = layer.entries.get(key);
    if (entry === undefined || layer.silent === true) return [];
    const source = sourceOf(layer, key);
    const read = LIVE_SETTINGS[key].read(entry.text);
    if (read.ok) return isMisplacedSecret(key, source) ? [misplaced(key, entry, source)] : [];
    const value = shown(key, entry.text);
    const expected = redactText(read.error);
    return [{ source, key: entry.spelled, value, expected, effect: effectOf(before) }];
  });
}

/** What counts in place of what cannot be read. */
function effectOf(before: LiveState | undefined): LiveProblem['effect'] {
  return before === undefined ? 'default' : 'last-good';
}

function isMisplacedSecret(key: LiveKey, { kind }: LiveSource): boolean {
  return kind === 'configmap' && LIVE_SETTINGS[key].secretKey !== undefined;
}

function misplaced(key: LiveKey, { spelled, text }: LiveEntry, source: LiveSource): LiveProblem {
  const { secretKey = '' } = LIVE_SETTINGS[key];
  const expected = `it under ${secretKey} in the Secret headwind-secrets: more people may read ConfigMaps`;
  return { source, key: spelled, value: shown(key, text), expected, effect: 'used' };
}

function shown(key: LiveKey, text: string): string {
  return LIVE_SETTINGS[key].secretKey === undefined ? showValue(text) : REDACTED;
}

function problemsOfLayer(
  { source, strange, broken, silent }: LiveLayer,
  before: LiveState | undefined,
): readonly LiveProblem[] {
  if (silent === true) return [];
  const whole = broken === undefined ? [] : [{ key: '', expected: broken, effect: effectOf(before) }];
  const unknown = strange.map(({ spelled, expected }) => ({
    key: spelled,
    expected,
    effect: 'ignored' as const,
  }));
  return [...whole, ...unknown].map((problem) => ({ ...problem, source, value: '' }));
}

const ADDRESSES = {
  slack: ['slack.enabled', 'slack.webhookUrl'],
  teams: ['teams.enabled', 'teams.webhookUrl'],
  webhook: ['webhook.enabled', 'webhook.url'],
} as const;

/** What is switched on and has no address: nothing would be sent, in silence. */
function missingAddresses(
  { notifications }: LiveSettings,
  origins: LiveState['origins'],
): readonly LiveProblem[] {
  const { slack, teams, webhook } = notifications;
  const receivers = { slack, teams, webhook };
  return (['slack', 'teams', 'webhook'] as const).flatMap((channel): readonly LiveProblem[] => {
    const { enabled, url } = receivers[channel];
    if (!enabled || url !== undefined) return [];
    const [flag, address] = ADDRESSES[channel];
    const { secretKey = '' } = LIVE_SETTINGS[address];
    const source = origins.get(flag)?.source ?? DEFAULT;
    const expected = `${secretKey} in the Secret headwind-secrets beside it: without an address nothing is sent`;
    return [{ source, key: flag, value: 'true', expected, effect: 'ignored' }];
  });
}
