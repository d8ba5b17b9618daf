import { describe, expect, it } from 'vitest';
import { ApiError } from '../state/api.ts';
import { decideMany, phraseFor, resultsOf, wantsTyping, type BulkOptions } from './bulk.ts';

const targets = (count: number): readonly { namespace: string; name: string }[] =>
  Array.from({ length: count }, (_, index) => ({ namespace: 'shop', name: `r${index}` }));

/** An API that answers every part with these, one after the other; `errors: []` when they are used up. */
function make(answers: readonly (ApiError | readonly string[])[] = [], stopAfter = Infinity) {
  const left = [...answers];
  const parts: unknown[] = [];
  const progress: number[] = [];
  const options: BulkOptions = {
    verb: 'reject',
    reason: 'freeze',
    onProgress: (results) => progress.push(results.length),
    isStopped: () => parts.length >= stopAfter,
    api: {
      send<T>(_: string, path: string, body: unknown): Promise<T> {
        parts.push({ path, body });
        const answer = left.shift() ?? [];
        if (answer instanceof ApiError) return Promise.reject(answer);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        return Promise.resolve({ errors: answer } as T);
      },
    },
  };
  return { options, parts, progress };
}

describe('deciding about many', () => {
  it('takes a hundred at a time, and tells how far it is', async () => {
    const { options, parts, progress } = make();
    const results = await decideMany(targets(250), options);
    expect([parts.length, progress, results.length]).toEqual([3, [100, 200, 250], 250]);
    expect(results.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(parts[2]).toMatchObject({
      path: '/api/v1/updates/bulk/reject',
      body: { reason: 'freeze', updates: expect.objectContaining({ length: 50 }) },
    });
  });

  it('tells of each that could not be, and goes on', async () => {
    const { options } = make([
      new ApiError('busy', { status: 503 }),
      ['shop/r100: HTTP 409 Conflict: it is: done'],
    ]);
    const failed = (await decideMany(targets(201), options)).filter(({ problem }) => problem !== undefined);
    expect(failed).toHaveLength(101);
    expect(failed.at(-1)).toEqual({
      namespace: 'shop',
      name: 'r100',
      problem: 'HTTP 409 Conflict: it is: done',
    });
  });

  it.each([0, 401, 403])('does not go on where nothing can come of it: %i', async (status) => {
    const { options, parts } = make([new ApiError('no', { status })]);
    const results = await decideMany(targets(300), options);
    expect([parts.length, results[0]?.problem, results.at(-1)?.problem]).toEqual([1, 'no', 'not tried']);
  });

  it('stops when it is told to', async () => {
    const { options, parts } = make([], 1);
    const results = await decideMany(targets(150), options);
    expect([parts.length, results.filter(({ problem }) => problem === undefined).length]).toEqual([1, 100]);
  });
});

it('errors are told from each other by their names', () => {
  expect(resultsOf(targets(2), ['shop/r1: HTTP 403 Forbidden: no', 'other/r0: x'])).toEqual([
    { namespace: 'shop', name: 'r0' },
    { namespace: 'shop', name: 'r1', problem: 'HTTP 403 Forbidden: no' },
  ]);
});

it.each([
  [1, 1, false],
  [2, 0, false],
  [2, 1, true],
  [20, 0, false],
  [21, 0, true],
])('%i of which %i are major want typing: %s', (count, majors, wanted) => {
  expect(wantsTyping(count, majors)).toBe(wanted);
});

it('what is to be typed says what is done to how many', () => {
  expect(phraseFor('approve', 37)).toBe('approve 37');
});
