import { describe, expect, it } from 'vitest';
import type { Signal } from '../core/signal.ts';
import { createCoalescer } from './coalesce.ts';
import type { AcceptOutcome } from './outcome.ts';

const NOTHING: AcceptOutcome = { matched: 1, created: 0, unresolved: 0, results: [] };

function aSignal(tag: string, path = 'team/app', sender = 'harbor'): Signal {
  return {
    source: 'webhook',
    sender,
    type: 'image',
    repository: { host: 'reg.example.com', path },
    tag,
    digest: undefined,
  };
}

/** Work that goes on until it is ended, in the order in which it was begun. */
function aCoalescer() {
  const begun: { readonly name: string; readonly end: PromiseWithResolvers<AcceptOutcome> }[] = [];
  const accept = createCoalescer((signals) => {
    const end = Promise.withResolvers<AcceptOutcome>();
    begun.push({ name: signals.map(({ repository, tag }) => `${repository.path}:${tag}`).join(), end });
    return end.promise;
  });
  return { accept, begun, names: () => begun.map(({ name }) => name) };
}

async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

describe('createCoalescer', () => {
  it('does at once what is not in work', async () => {
    const { accept, begun, names } = aCoalescer();
    const outcome = accept([aSignal('1'), aSignal('2'), aSignal('1', 'team/other')]);
    expect(names()).toEqual(['team/app:1', 'team/app:2', 'team/other:1']);

    for (const { end } of begun) end.resolve({ ...NOTHING, created: 1 });

    expect(await outcome).toMatchObject({ matched: 3, created: 3, unresolved: 0 });
  });

  it('makes one more piece of work of all that arrives meanwhile, and begins it only after the first', async () => {
    const { accept, begun, names } = aCoalescer();
    const first = accept([aSignal('1')]);
    const others = Array.from({ length: 100 }, () => accept([aSignal('1')]));
    await settle();
    expect(names()).toEqual(['team/app:1']);

    begun[0]?.end.resolve({ ...NOTHING, created: 1 });
    expect(await first).toMatchObject({ created: 1 });
    await settle();
    expect(names()).toEqual(['team/app:1', 'team/app:1']);

    begun[1]?.end.resolve(NOTHING);
    expect(new Set((await Promise.all(others)).map(({ created }) => created))).toEqual(new Set([0]));
  });

  it('begins a third where something arrives during the second', async () => {
    const { accept, begun, names } = aCoalescer();
    const work = [accept([aSignal('1')]), accept([aSignal('1')])];
    begun[0]?.end.resolve(NOTHING);
    await settle();
    work.push(accept([aSignal('1')]));
    begun[1]?.end.resolve(NOTHING);
    await settle();
    begun[2]?.end.resolve(NOTHING);
    await Promise.all(work);

    expect(names()).toHaveLength(3);
    work.push(accept([aSignal('1')]));
    expect(names()).toHaveLength(4);
  });

  it('goes on after a failure, which only those get who waited for it', async () => {
    const { accept, begun } = aCoalescer();
    const first = accept([aSignal('1')]);
    const second = accept([aSignal('1')]);
    begun[0]?.end.reject(new Error('the API server is away'));
    await expect(first).rejects.toThrow('the API server is away');
    await settle();
    begun[1]?.end.resolve(NOTHING);

    expect(await second).toEqual(NOTHING);
  });

  it('shares between senders, and not between an image and a chart', async () => {
    const { accept, names } = aCoalescer();
    void accept([aSignal('1', 'a', 'harbor')]);
    void accept([aSignal('1', 'a', 'zot')]);
    void accept([{ ...aSignal('1', 'a'), type: 'chart' }]);
    await settle();

    expect(names()).toHaveLength(2);
  });
});
