import { describe, expect, it } from 'vitest';
import { aContainer, aRequest, aWorkload, NOON } from '../../test/builders.ts';
import type { HistoryEntry } from './history.ts';
import { toRollbackRequest, undoneBy, type Rollback } from './rollback-request.ts';
import { UpdateRequestSpec, type UpdateRequest } from './update-request.ts';

const artifact = aContainer({ image: 'docker.io/library/nginx:1.26.0' });

function aRollback(change: Partial<Rollback> = {}): Rollback {
  return {
    workload: aWorkload({ artifacts: [artifact] }),
    artifact,
    settings: { policy: 'minor' },
    toImage: 'docker.io/library/nginx:1.25.0',
    undoes: ['web-web-1-26-0-00000000'],
    cause: undefined,
    reason: 'it crashed',
    attempt: 0,
    nowMs: NOON,
    ...change,
  };
}

describe('a rollback', () => {
  it('is a request from what runs to what ran, in its spelling', () => {
    const { metadata, spec } = toRollbackRequest(aRollback());
    expect(metadata.name).toMatch(/^web-web-rollback-1-25-0-[0-9a-f]{8}$/);
    expect(UpdateRequestSpec.parse(spec)).toMatchObject({
      currentImage: 'docker.io/library/nginx:1.26.0',
      newImage: 'docker.io/library/nginx:1.25.0',
      rollback: true,
      undoes: ['web-web-1-26-0-00000000'],
      requireApproval: true,
    });
  });

  it('has one name however often it is asked for, and others for other causes and attempts', () => {
    const nameOf = (change: Partial<Rollback>): string => toRollbackRequest(aRollback(change)).metadata.name;
    expect(nameOf({ cause: 'a', nowMs: NOON + 60_000 })).toBe(nameOf({ cause: 'a' }));
    const names = [{}, { cause: 'a' }, { cause: 'b' }, { cause: 'a', attempt: 1 }, { attempt: 1 }].map(
      nameOf,
    );
    expect(new Set(names).size).toBe(5);
  });
});

describe('what going back takes back', () => {
  const entry = (image: string, updateRequestName?: string): HistoryEntry => ({
    container: 'web',
    image,
    timestamp: '2026-01-01T10:00:00Z',
    ...(updateRequestName === undefined ? {} : { updateRequestName }),
  });
  const applied = (name: string, newImage: string, change: object = {}): UpdateRequest =>
    aRequest({ name, spec: { newImage, ...change }, status: { phase: 'Completed' } });
  const history = [entry('app:3', 'to-3'), entry('app:2', 'to-2'), entry('app:1')];
  const requests = [applied('to-2', 'app:2'), applied('to-3', 'app:3')];
  const running = aContainer({ image: 'app:3' });

  it('is all that was applied since, newest first', () => {
    expect(undoneBy({ artifact: running, toImage: 'app:1', history, requests })).toEqual(['to-3', 'to-2']);
    expect(undoneBy({ artifact: running, toImage: 'app:2', history, requests })).toEqual(['to-3']);
  });

  it('is neither another rollback nor what somebody said no to anyway', () => {
    const more = [
      applied('back', 'app:2', { rollback: true }),
      aRequest({ name: 'refused', spec: { newImage: 'app:4' }, status: { phase: 'Rejected' } }),
    ];
    const longer = [entry('app:3', 'to-3'), entry('app:2', 'back'), ...history.slice(1)];
    const undone = undoneBy({
      artifact: running,
      toImage: 'app:1',
      history: longer,
      requests: [...more, ...requests],
    });
    expect(undone).toEqual(['to-3', 'to-2']);
  });

  it('is also what has been applied a moment ago, before that is written in the request', () => {
    const [newest, ...older] = requests;
    const late = newest === undefined ? [] : [{ ...newest, status: { phase: 'Approved' } as const }];
    const now = [...late, ...older];
    expect(undoneBy({ artifact: running, toImage: 'app:2', history, requests: now })).toEqual(['to-3']);
    const unnamed = [entry('app:3', 'another'), entry('app:2')];
    expect(undoneBy({ artifact: running, toImage: 'app:2', history: unnamed, requests: now })).toEqual([]);
  });

  it('is what brought the running version, where the history does not reach back so far', () => {
    expect(undoneBy({ artifact: running, toImage: 'app:0', history: [], requests })).toEqual(['to-3']);
  });

  it('leaves other containers alone', () => {
    const others = history.map((one) => ({ ...one, container: 'proxy' }));
    const mixed = [...others, entry('app:3', 'to-3'), entry('app:2')];
    expect(undoneBy({ artifact: running, toImage: 'app:2', history: mixed, requests })).toEqual(['to-3']);
  });
});
