import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import { BackendError, type Backend, type BackendId } from './backend.ts';

/** A backend that was passed over, and why. */
export interface PassedOver {
  readonly id: BackendId;
  readonly name: string;
  readonly url: string | undefined;
  /** The part of a sentence that begins with its name. */
  readonly problem: string;
}

export interface Choice {
  readonly backend: Backend;
  /** When it last got metrics of Headwind, in milliseconds since the Unix epoch. */
  readonly newestMs: number;
  readonly passedOver: readonly PassedOver[];
}

export interface ChooserOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

/** What somebody wants to know, and who may know it. */
export interface Asked {
  /** Changes whenever the backends do. */
  readonly key: string;
  /** What is asked, as far as a backend may fail at it alone: a month may be too much where an hour is not. */
  readonly scope: string;
  /** In the order in which they are preferred. */
  readonly backends: readonly Backend[];
  /** Who is asked where none of them can be. */
  readonly last: Backend;
}

export interface Chooser {
  /** The first of the backends that has metrics of Headwind and has not just failed at this, else the last resort. */
  choose(asked: Asked): Promise<Choice>;
  /** Remembers that a backend did not give what it was asked for. */
  failed(asked: Asked, id: BackendId, error: BackendError): void;
}

type Verdict = { readonly newestMs: number } | { readonly problem: string };

interface Memory {
  readonly key: string;
  readonly atMs: number;
  readonly verdicts: Promise<ReadonlyMap<BackendId, Verdict>>;
}

const REMEMBERED_MS = 60_000;
const MAX_FAILURES = 100;

/**
 * Asks each backend once a minute whether it has metrics of Headwind, all at the same time. One that answers but was
 * never told to scrape Headwind is of no use: its charts would be empty, and nobody would know why.
 */
export function createChooser({ clock, log }: ChooserOptions): Chooser {
  let memory: Memory | undefined;
  const failures = new LRUCache<string, { readonly atMs: number; readonly problem: string }>({
    max: MAX_FAILURES,
  });
  // What was told of each scope, of which there are few.
  const told = new Map<string, string>();

  const isFresh = (atMs: number): boolean => clock.now() >= atMs && clock.now() < atMs + REMEMBERED_MS;

  const verdictsFor = (key: string, backends: readonly Backend[]): Memory['verdicts'] => {
    if (memory?.key === key && isFresh(memory.atMs)) return memory.verdicts;
    const verdicts = Promise.all(
      backends.map(async (backend) => [backend.id, await judge(backend)] as const),
    ).then((pairs) => new Map(pairs));
    memory = { key, atMs: clock.now(), verdicts };
    return verdicts;
  };

  const judge = async (backend: Backend): Promise<Verdict> => {
    try {
      const newestMs = await backend.newest();
      return newestMs === undefined
        ? {
            problem:
              'answers, but got no metrics of Headwind within the last day; it has to scrape port 9090',
          }
        : { newestMs };
    } catch (error) {
      if (error instanceof BackendError) return { problem: error.message };
      log.warn({ backend: backend.id, error }, 'metrics backend could not be judged');
      return { problem: 'could not be asked' };
    }
  };

  const tell = (scope: string, { backend, passedOver }: Choice): void => {
    const fields = { scope, backend: backend.id, url: backend.url, passedOver };
    const text = JSON.stringify(fields);
    if (text !== told.get(scope)) log.info(fields, 'metrics come from here');
    told.set(scope, text);
  };

  const problemOf = (asked: Asked, id: BackendId, verdict: Verdict): string | undefined => {
    const failure = failures.get(failureKey(asked, id));
    if (failure !== undefined && isFresh(failure.atMs)) return failure.problem;
    return 'problem' in verdict ? verdict.problem : undefined;
  };

  return {
    async choose(asked) {
      const verdicts = await verdictsFor(asked.key, asked.backends);
      const passedOver: PassedOver[] = [];
      let choice: Choice = { backend: asked.last, newestMs: clock.now(), passedOver };
      for (const backend of asked.backends) {
        const { id, name, url } = backend;
        const verdict = verdicts.get(id) ?? { problem: 'could not be asked' };
        const problem = problemOf(asked, id, verdict);
        if (problem !== undefined) passedOver.push({ id, name, url, problem });
        else if ('newestMs' in verdict) {
          choice = { ...choice, backend, newestMs: verdict.newestMs };
          break;
        }
      }
      tell(asked.scope, choice);
      return choice;
    },
    failed(asked, id, { message }) {
      failures.set(failureKey(asked, id), { atMs: clock.now(), problem: message });
    },
  };
}

function failureKey({ key, scope }: Asked, id: BackendId): string {
  return `${id} ${scope} ${key}`;
}
