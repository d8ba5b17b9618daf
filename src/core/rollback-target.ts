import { isSameArtifact, parseArtifact } from './artifact-reference.ts';
import type { HistoryEntry } from './history.ts';
import { fail, ok, type Result } from './result.ts';
import type { Artifact } from './workload.ts';

/** What a person wants to go back to: so many versions back, or a version by its image, tag or digest. */
export type RollbackWish = { readonly index: number } | { readonly image: string };

/** What ran before what runs now. */
export const PREVIOUS: RollbackWish = { index: 1 };

/** An entry of a workload's history with the number that it goes by. */
export interface NumberedEntry extends HistoryEntry {
  /** Counted for each container: 0 is what runs, 1 what ran before that, and so on. */
  readonly index: number;
}

export interface RollbackTarget {
  readonly artifact: Artifact;
  readonly entry: NumberedEntry;
}

export interface RollbackRefusal {
  readonly kind: 'ambiguous' | 'unknown-container' | 'no-entry' | 'runs-already' | 'other-repository';
  /** One sentence for a person. */
  readonly message: string;
  /** As asked for, or the only one that there is. */
  readonly container?: string;
}

export interface RollbackQuestion {
  /** What the workload runs now. */
  readonly artifacts: readonly Artifact[];
  readonly history: readonly HistoryEntry[];
  /** A container's name, or a chart's; may be left out where there is only one. */
  readonly container?: string | undefined;
  readonly wish: RollbackWish;
}

/**
 * The entries as people count them, newest first. What counts as 0 is what really runs: where somebody has changed the
 * image by hand, the newest entry is 1.
 */
export function numberHistory(
  artifacts: readonly Pick<Artifact, 'name' | 'image'>[],
  history: readonly HistoryEntry[],
): readonly NumberedEntry[] {
  const next = new Map<string, number>();
  return history.map((entry) => {
    const running = artifacts.find(({ name }) => name === entry.container)?.image;
    const before = next.get(entry.container);
    const index = (before ?? 0) === 0 && entry.image === running ? 0 : (before ?? 0) + 1;
    next.set(entry.container, index);
    return { ...entry, index };
  });
}

/** Which entry a rollback goes back to, or why there is none. */
export function chooseRollback(question: RollbackQuestion): Result<RollbackTarget, RollbackRefusal> {
  const found = findArtifact(question);
  if (!found.ok) return found;
  const artifact = found.value;
  const container = artifact.name;
  const own = question.history.filter((entry) => entry.container === container);
  const entries = numberHistory([artifact], own);
  const entry = findEntry(entries, artifact, question.wish);
  if (entry?.image === artifact.image || meansWhatRuns(question.wish)) {
    return fail({ kind: 'runs-already', container, message: `${container} runs ${artifact.image} already` });
  }
  if (entry === undefined) return fail(noEntry(entries, artifact, question.wish));
  if (!isSameThing(entry.image, artifact)) {
    const message = `${entry.image} is another repository than ${artifact.image}, which runs now; change that by hand`;
    return fail({ kind: 'other-repository', container, message });
  }
  return ok({ artifact, entry });
}

/** Reads a wish as people write it: a whole number counts back, everything else is an image, a tag or a digest. */
export function parseWish(text: string): RollbackWish {
  return /^\d{1,9}$/.test(text) ? { index: Number(text) } : { image: text };
}

function findArtifact({ artifacts, container }: RollbackQuestion): Result<Artifact, RollbackRefusal> {
  const names = artifacts.map(({ name }) => name).join(', ');
  const [only] = artifacts;
  if (container === undefined) {
    if (only !== undefined && artifacts.length === 1) return ok(only);
    return fail({ kind: 'ambiguous', message: `The workload has several containers; name one of ${names}` });
  }
  const named = artifacts.find(({ name }) => name === container);
  if (named !== undefined) return ok(named);
  const message = `The workload has no container ${container}; it has ${names || 'none'}`;
  return fail({ kind: 'unknown-container', container, message });
}

function meansWhatRuns(wish: RollbackWish): boolean {
  return 'index' in wish && wish.index === 0;
}

/** Of several entries with the wanted version the newest one that does not run. */
function findEntry(
  entries: readonly NumberedEntry[],
  artifact: Artifact,
  wish: RollbackWish,
): NumberedEntry | undefined {
  if ('index' in wish) return entries.find(({ index }) => index === wish.index);
  const matching = entries.filter(({ image }) => isNamed(image, artifact, wish.image));
  return matching.find(({ image }) => image !== artifact.image) ?? matching[0];
}

function noEntry(
  entries: readonly NumberedEntry[],
  { name, image: running }: Artifact,
  wish: RollbackWish,
): RollbackRefusal {
  const others = [...new Set(entries.map(({ image }) => image))].filter((image) => image !== running);
  const known =
    others.length === 0
      ? `the history of ${name} holds nothing but what runs`
      : `${name} can go back to ${others.join(', ')}`;
  const where = 'index' in wish ? `at index ${wish.index}` : `for ${wish.image}`;
  return { kind: 'no-entry', container: name, message: `No history entry found ${where}: ${known}` };
}

/** Whether `wanted` is this version of the artifact: all of it, its tag (also `:7`), its digest, or both of them. */
function isNamed(image: string, { type }: Pick<Artifact, 'type'>, wanted: string): boolean {
  if (wanted === image) return true;
  const reference = parseArtifact({ type, image });
  if (!reference.ok) return false;
  const { tag = '', digest } = reference.value;
  // A colon in front tells a tag from a number of versions.
  const version = wanted.startsWith(':') ? wanted.slice(1) : wanted;
  return version !== '' && [tag, digest, `${tag}@${digest ?? ''}`].includes(version);
}

function isSameThing(image: string, artifact: Artifact): boolean {
  const [before, now] = [parseArtifact({ type: artifact.type, image }), parseArtifact(artifact)];
  return before.ok && now.ok && isSameArtifact(before.value, now.value);
}
