import { planChange, type LiveRefusal, type LiveWrites } from '../config/live-change.ts';
import {
  LIVE_OBJECTS,
  NO_FILES,
  orderLayers,
  readLiveFiles,
  type LiveFiles,
  type LiveFilesSource,
} from '../config/live-files.ts';
import { nameSource, resolveLive, type LiveProblem, type LiveState } from '../config/live-resolution.ts';
import type { LiveSettings } from '../config/live-settings.ts';
import { environmentLayer, memberOf } from '../config/live-sources.ts';
import { viewLive, type LiveView } from '../config/live-view.ts';
import type { Environment } from '../config/problem.ts';
import { watchConfiguration, type Watched } from '../config/watched.ts';
import type { Clock } from '../core/clock.ts';
import { ok } from '../core/result.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import {
  createDataObject,
  type DataObject,
  type DataObjectOptions,
  type WriteOutcome,
} from '../kubernetes/data-object.ts';
import type { EventToRecord } from '../kubernetes/events.ts';
import type { Log } from '../telemetry/log.ts';

/** What a wish to change settings has come to. */
export type LiveChange =
  | { readonly kind: 'saved'; readonly changed: readonly string[] }
  | LiveRefusal
  | { readonly kind: 'unwritten'; readonly messages: readonly string[] };

/** The settings that can be changed while Headwind runs. */
export interface LiveSettingsStore {
  current(): LiveSettings;
  /** Told of what holds from now on, and what did before; a change through `change` waits for the answer. */
  subscribe(listener: (now: LiveSettings, before: LiveSettings) => void | Promise<void>): void;
  view(): LiveView;
  /** Throws what `client.request` throws where the API server cannot be asked. */
  change(wish: object): Promise<LiveChange>;
  start(): void;
  /** Resolves when everything has been looked at that may say something, before which the environment alone counts; rejects when `stop` comes first. */
  readonly settled: Promise<void>;
  stop(): Promise<void>;
}

export interface LiveSettingsOptions {
  readonly env: Environment;
  /** Without it no files are read. */
  readonly files: LiveFilesSource | undefined;
  readonly client: Pick<KubernetesClient, 'list' | 'stream' | 'request'>;
  /** Where Headwind itself runs. */
  readonly namespace: string;
  /** Whether nothing may be sent to this host. */
  readonly forbidsHost: (host: string) => boolean;
  readonly event: (event: EventToRecord) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly onWatchEvent: DataObjectOptions['onEvent'];
}

const EFFECTS: Readonly<Record<LiveProblem['effect'], string>> = {
  'last-good': 'what held before goes on to hold',
  default: 'what does least holds',
  used: 'it is used all the same',
  ignored: 'it has no effect',
};

/** Follows all places that settings come from, tells of each change, and writes those that people make here. */
export function createLiveSettings(options: LiveSettingsOptions): LiveSettingsStore {
  const { env, files: source, clock, log, namespace } = options;
  const environment = environmentLayer(env);
  const listeners = new Set<Parameters<LiveSettingsStore['subscribe']>[0]>();
  // What somebody has been told of already; a problem that has gone is forgotten.
  let told: ReadonlySet<string> = new Set();
  let state = resolveLive([environment], undefined);
  const settled = Promise.withResolvers<void>();
  settled.promise.catch(() => undefined);
  let isSettled = false;
  let isStopped = false;
  let files = NO_FILES;
  let watched: Watched<unknown> | undefined;
  let applied: Promise<unknown> = Promise.resolve();

  const follow = (kind: DataObject['kind'], name: string): DataObject =>
    createDataObject({
      ...options,
      kind,
      name,
      onEvent: options.onWatchEvent,
      onChanged: () => refresh(),
    });
  const configMap = follow('ConfigMap', LIVE_OBJECTS.configMap);
  const uiConfigMap = follow('ConfigMap', LIVE_OBJECTS.uiConfigMap);
  const secret = follow('Secret', LIVE_OBJECTS.secret);
  const objects = [configMap, uiConfigMap, secret];

  const resolve = (before: LiveState | undefined): LiveState => {
    const dataOf = (object: DataObject): Readonly<Record<string, string>> => object.content()?.data ?? {};
    const contents = {
      configMap: dataOf(configMap),
      uiConfigMap: dataOf(uiConfigMap),
      secret: dataOf(secret),
    };
    const next = resolveLive(orderLayers(environment, files, contents), before);
    return { ...next, problems: [...objects.flatMap(deniedProblem), ...next.problems] };
  };

  function refresh(): void {
    if (!isSettled) return;
    replace(resolve(state));
  }

  function replace(next: LiveState): void {
    const before = state;
    state = next;
    tell(next.problems);
    const changed = [...next.origins.keys()].filter(
      (key) => next.texts.get(key)?.text !== before.texts.get(key)?.text,
    );
    if (changed.length === 0) return;
    const from = changed.map((key) => nameSource(next.origins.get(key)?.source ?? NOWHERE));
    log.info({ settings: changed.map(memberOf), from: [...new Set(from)] }, 'settings have changed');
    applied = Promise.all(
      [...listeners].map(async (listener) => {
        try {
          await listener(next.settings, before.settings);
        } catch (error) {
          log.error({ error }, 'a change of settings could not be applied');
        }
      }),
    );
  }

  /** Says once what does not count, in the log and where `kubectl describe` shows it. */
  function tell(problems: readonly LiveProblem[]): void {
    const now = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
    for (const [id, { source, key, value, expected, effect }] of now) {
      if (told.has(id)) continue;
      const where = nameSource(source);
      log.warn({ where, key, value, expected, effect: EFFECTS[effect] }, 'a setting is not as it should be');
      const what =
        key === '' ? where : `${key} in ${where}${value === '' ? '' : ` is ${JSON.stringify(value)}`}`;
      options.event({
        regarding: regardingOf(source.name),
        type: 'Warning',
        reason: effect === 'ignored' ? 'SettingWithoutEffect' : 'InvalidSetting',
        message: `${what}: expected ${expected}; ${EFFECTS[effect]}`,
      });
    }
    told = new Set(now.keys());
  }

  function regardingOf(name: string): EventToRecord['regarding'] {
    const object = objects.find((candidate) => candidate.name === name) ?? configMap;
    const uid = object.content()?.uid ?? '';
    return { apiVersion: 'v1', kind: object.kind, namespace, name: object.name, uid };
  }

  async function save({ configMap: texts, secret: secrets }: LiveWrites): Promise<readonly string[]> {
    const steps = [
      { object: secret, data: secrets },
      { object: configMap, data: known(texts) },
    ].filter(({ data }) => Object.keys(data).length > 0);
    // What is switched on needs its address first; what is switched off goes before its address.
    if (Object.values(secrets).every((value) => value === null)) steps.reverse();
    const messages: string[] = [];
    for (const { object, data } of steps) {
      const outcome: WriteOutcome = await object.write(data);
      if (outcome.kind === 'written') continue;
      messages.push(outcome.message);
      break;
    }
    return messages;
  }

  /** Without what is to be removed and is not there: no object is made, and none changed, for that. */
  function known(texts: LiveWrites['configMap']): LiveWrites['configMap'] {
    const there = configMap.content()?.data ?? {};
    return Object.fromEntries(Object.entries(texts).filter(([key, text]) => text !== null || key in there));
  }

  function begin(read: LiveFiles): void {
    if (isStopped) return;
    files = read;
    isSettled = true;
    if (source !== undefined)
      watched = watchConfiguration({
        initial: read,
        read: async () => ok(await readLiveFiles(source)),
        clock,
        onReplaced(next) {
          files = next;
          refresh();
        },
      });
    replace(resolve(undefined));
    // Whoever begins to work then finds everything as the settings want it.
    void applied.then(() => settled.resolve());
  }

  return {
    current: () => state.settings,
    subscribe: (listener) => void listeners.add(listener),
    view: () => viewLive(state),
    settled: settled.promise,
    async change(wish) {
      const planned = planChange(wish, { state, forbidsHost: options.forbidsHost });
      if (!planned.ok) return planned.error;
      const messages = await save(planned.value);
      if (messages.length > 0) return { kind: 'unwritten', messages };
      await applied;
      return { kind: 'saved', changed: planned.value.changed.map(memberOf) };
    },
    start() {
      for (const object of objects) object.start();
      const reading = source === undefined ? Promise.resolve(NO_FILES) : readLiveFiles(source);
      const looked = Promise.all([reading, ...objects.map((object) => object.settled)]);
      looked.then(
        ([read]) => begin(read),
        (error: unknown) => log.error({ error }, 'settings could not be read'),
      );
    },
    async stop() {
      isStopped = true;
      settled.reject(new Error('the settings are no longer followed'));
      watched?.stop();
      await Promise.all(objects.map((object) => object.stop()));
    },
  };
}

/** Settings that may not be read have no effect, which somebody would wonder about. */
function deniedProblem(object: DataObject): readonly LiveProblem[] {
  const why = object.denied();
  if (why === undefined) return [];
  const kind = object.kind === 'Secret' ? 'secret' : 'configmap';
  const expected = `the right to read it, as in deploy/k8s/rbac.yaml (${why})`;
  return [{ source: { kind, name: object.name }, key: '', value: '', expected, effect: 'ignored' }];
}

const NOWHERE = { kind: 'default', name: '' } as const;
