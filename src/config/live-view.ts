import { SET } from './live-change.ts';
import { jsonOf, nameSource, type LiveProblem, type LiveState, type Origin } from './live-resolution.ts';
import { memberOf, type LiveSource } from './live-sources.ts';
import { LIVE_KEYS, LIVE_SETTINGS, type JsonScalar, type LiveKey } from './live-table.ts';

/** Where a setting's value comes from, for people. */
export interface SourceView {
  readonly from: LiveSource['kind'];
  /** The variable, the path or the object's name. */
  readonly name?: string;
  readonly changeable: boolean;
  /** Why it is not. */
  readonly reason?: string;
  /** What it is without anybody saying anything. */
  readonly fallback: JsonScalar;
}

export interface ProblemView {
  readonly where: string;
  readonly key: string;
  readonly value: string;
  readonly expected: string;
  readonly effect: LiveProblem['effect'];
}

/** The settings in the API's shape: nested tables. A secret is `set` or null. */
export type SettingsTree = { readonly [member: string]: JsonScalar | SettingsTree };

export interface LiveView {
  readonly settings: SettingsTree;
  /** By member, with dots: `polling.enabled`, `notifications.slack.webhookUrl`. */
  readonly sources: Readonly<Record<string, SourceView>>;
  readonly problems: readonly ProblemView[];
}

/** All that may be shown about the settings. */
export function viewLive(state: LiveState): LiveView {
  const tree: MutableTree = {};
  const sources: Record<string, SourceView> = {};
  for (const key of LIVE_KEYS) {
    const member = memberOf(key);
    place(tree, member.split('.'), shownOf(key, state));
    sources[member] = sourceOf(key, state.origins.get(key));
  }
  return { settings: tree, sources, problems: state.problems.map(toProblemView) };
}

type MutableTree = { [member: string]: JsonScalar | MutableTree };

function shownOf(key: LiveKey, state: LiveState): JsonScalar {
  if (LIVE_SETTINGS[key].secretKey !== undefined) return state.texts.has(key) ? SET : null;
  return jsonOf(key, state);
}

function sourceOf(key: LiveKey, origin: Origin | undefined): SourceView {
  const { kind = 'default', name = '' } = origin?.source ?? {};
  const fixedBy = origin?.fixedBy;
  return {
    from: kind,
    ...(name !== '' && { name }),
    changeable: fixedBy === undefined,
    ...(fixedBy && { reason: `Set by ${nameSource(fixedBy)}.` }),
    fallback: LIVE_SETTINGS[key].toJson(undefined),
  };
}

function toProblemView({ source, ...problem }: LiveProblem): ProblemView {
  return { ...problem, where: nameSource(source) };
}

function place(tree: MutableTree, [first = '', ...rest]: readonly string[], value: JsonScalar): void {
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const below = tree[first];
  const table = typeof below === 'object' && below !== null ? below : {};
  tree[first] = table;
  place(table, rest, value);
}
