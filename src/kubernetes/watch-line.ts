import { z } from 'zod';
import { type KubernetesError, Status, toKubernetesError } from './errors.ts';

/** A line of a watch that is not a watch event. What followed it may be lost too, so one has to list again. */
export class MalformedLineError extends Error {
  override readonly name = 'MalformedLineError';
}

/** One line of a watch (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes). */
export type WatchLine =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: unknown; readonly version: string }
  | { readonly type: 'BOOKMARK'; readonly version: string }
  | { readonly type: 'ERROR'; readonly error: KubernetesError };

const Versioned = z.object({ metadata: z.object({ resourceVersion: z.string().min(1) }) });
const Event = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
});

/** Reads one line of the watch on `path`. Throws MalformedLineError. */
export function parseWatchLine(line: string, path: string): WatchLine {
  const event = Event.safeParse(parseJson(line));
  if (!event.success) throw new MalformedLineError('a line of the watch is not a watch event');
  const { type, object } = event.data;
  if (type === 'ERROR') {
    const status = Status.safeParse(object);
    const httpStatus = (status.success ? status.data.code : undefined) ?? 500;
    return { type, error: toKubernetesError({ what: `watching ${path}`, httpStatus, body: object }) };
  }
  const versioned = Versioned.safeParse(object);
  if (!versioned.success) throw new MalformedLineError('an object of the watch has no resourceVersion');
  const version = versioned.data.metadata.resourceVersion;
  return type === 'BOOKMARK' ? { type, version } : { type, object, version };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new MalformedLineError('a line of the watch is not JSON', { cause });
  }
}
