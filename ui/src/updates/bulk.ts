import { ApiError, type Api } from '../state/api.ts';
import type { RequestName } from './actions.ts';

/** What came of one of many. */
export interface ItemResult extends RequestName {
  /** Why not, where it was not done. */
  readonly problem?: string;
}

export interface BulkOptions {
  readonly api: Pick<Api, 'send'>;
  readonly verb: 'approve' | 'reject';
  readonly reason: string;
  /** Told after each part: what is known of all that were asked for so far. */
  readonly onProgress: (results: readonly ItemResult[]) => void;
  readonly isStopped: () => boolean;
}

interface BulkAnswer {
  readonly errors: readonly string[];
}

/** As many as one call takes. */
const PART = 100;
/** With so many, or if one of them goes far, a click is too little. */
const MANY = 20;
const HOPELESS = [0, 401, 403];

/** Decides about many requests, a hundred at a time, until all are done or somebody says stop. */
export async function decideMany(
  targets: readonly RequestName[],
  options: BulkOptions,
): Promise<readonly ItemResult[]> {
  const { api, verb, reason, onProgress, isStopped } = options;
  const results: ItemResult[] = [];
  const rest = [...targets];
  while (rest.length > 0) {
    if (isStopped()) return [...results, ...failed(rest, 'not asked for any more')];
    const part = rest.splice(0, PART);
    const updates = part.map(({ namespace, name }) => ({ namespace, name }));
    const body = verb === 'reject' && reason !== '' ? { updates, reason } : { updates };
    try {
      const answer = await api.send<BulkAnswer>('POST', `/api/v1/updates/bulk/${verb}`, body);
      results.push(...resultsOf(part, answer.errors));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      results.push(...failed(part, error.message));
      // What is refused to all of them is refused to the rest too.
      if (HOPELESS.includes(error.status)) return [...results, ...failed(rest, 'not tried')];
    }
    onProgress([...results]);
  }
  return results;
}

/** Reads the errors of an answer, each of which begins with `namespace/name: `. */
export function resultsOf(targets: readonly RequestName[], errors: readonly string[]): readonly ItemResult[] {
  const problems = new Map(
    errors.map((text) => {
      const [key = '', ...words] = text.split(': ');
      return [key, words.join(': ')] as const;
    }),
  );
  return targets.map(({ namespace, name }) => {
    const problem = problems.get(`${namespace}/${name}`);
    return problem === undefined ? { namespace, name } : { namespace, name, problem };
  });
}

/** Whether one has to type what one is about to do. */
export function wantsTyping(count: number, majors: number): boolean {
  return count > MANY || (count > 1 && majors > 0);
}

/** What is to be typed: `approve 37`. */
export function phraseFor(verb: 'approve' | 'reject', count: number): string {
  return `${verb} ${count}`;
}

function failed(targets: readonly RequestName[], problem: string): readonly ItemResult[] {
  return targets.map(({ namespace, name }) => ({ namespace, name, problem }));
}
