import { z } from 'zod';
import { isSameArtifact, parseRequested } from './artifact-reference.ts';
import type { UpdateRequestSpec } from './update-request.ts';

/** One entry of annotation `headwind.sh/update-history`: an image that a container was given, newest first. */
const HistoryEntry = z.object({
  container: z.string(),
  image: z.string(),
  timestamp: z.string(),
  updateRequestName: z.string().optional(),
  approvedBy: z.string().optional(),
});
export type HistoryEntry = z.infer<typeof HistoryEntry>;

const ENTRIES_PER_CONTAINER = 10;

/** Reads the annotation; an entry that cannot be read is left out, and so is everything in one that is no JSON array. */
export function parseHistory(annotation: string | undefined): readonly HistoryEntry[] {
  if (annotation === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(annotation);
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry) => {
    const parsed = HistoryEntry.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });
}

/** The annotation's value: compact JSON, absent optional members left out. */
export function formatHistory(history: readonly HistoryEntry[]): string {
  return JSON.stringify(history);
}

/**
 * Adds an update. The image that ran before is recorded too where it is not the container's newest entry (the first
 * update, or somebody changed it by hand), so that one can always go back to it.
 */
export function recordUpdate(
  history: readonly HistoryEntry[],
  previousImage: string,
  entry: HistoryEntry,
): readonly HistoryEntry[] {
  const newest = history.find((known) => known.container === entry.container);
  const before =
    newest?.image === previousImage
      ? []
      : [{ container: entry.container, image: previousImage, timestamp: entry.timestamp }];
  return withinLimit([entry, ...before, ...history]);
}

/** The entries of one container, newest first: index 0 is what it was given last. */
export function historyOf(history: readonly HistoryEntry[], container: string): readonly HistoryEntry[] {
  return history.filter((entry) => entry.container === container);
}

/** Whether the update that `updateRequestName` stands for has been applied to the workload. */
export function wasAppliedBy(history: readonly HistoryEntry[], updateRequestName: string): boolean {
  return history.some((entry) => entry.updateRequestName === updateRequestName);
}

/**
 * Whether `spec.newImage` is the very version that the workload's last update brought: another container follows what one of
 * its siblings got, which is the same rollout and not the next one.
 */
export function isSameRollout(
  history: readonly HistoryEntry[],
  spec: Pick<UpdateRequestSpec, 'updateType' | 'newImage'>,
): boolean {
  const last = parseRequested(spec, history[0]?.image ?? '');
  const next = parseRequested(spec, spec.newImage);
  if (!last.ok || !next.ok || last.value.tag !== next.value.tag) return false;
  return isSameArtifact(last.value, next.value);
}

function withinLimit(history: readonly HistoryEntry[]): readonly HistoryEntry[] {
  const kept = new Map<string, number>();
  return history.filter((entry) => {
    const count = (kept.get(entry.container) ?? 0) + 1;
    kept.set(entry.container, count);
    return count <= ENTRIES_PER_CONTAINER;
  });
}
