import { describe, expect, it } from 'vitest';
import { ApiError } from './api.ts';
import { createRights, type May } from './rights.ts';

const ALL: May = { approve: true, reject: true, rollback: true, pause: true };
const NONE: May = { approve: false, reject: false, rollback: false, pause: false };

function make(everywhere: May | undefined, answers: Readonly<Record<string, May>> = {}) {
  const asked: string[] = [];
  const time = { nowMs: 0 };
  const rights = createRights({
    everywhere,
    now: () => time.nowMs,
    api: {
      get<T>(path: string): Promise<T> {
        const namespace = path.split('=')[1] ?? '';
        asked.push(namespace);
        const may = answers[namespace];
        if (may === undefined) return Promise.reject(new ApiError('away', { status: 503 }));
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        return Promise.resolve({ may } as T);
      },
    },
  });
  return { rights, asked, time };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('rights', () => {
  it('are asked for no namespace by whoever may do everything everywhere', () => {
    const { rights, asked } = make(ALL);
    rights.want(['shop', 'bank']);
    expect([asked, rights.why('approve', 'shop')]).toEqual([[], undefined]);
  });

  it('are asked once for each namespace, and again when they may have changed', async () => {
    const { rights, asked, time } = make(NONE, { shop: ALL, bank: { ...ALL, approve: false } });
    rights.want(['shop', 'bank', 'shop']);
    await settled();
    rights.want(['shop', 'bank']);
    expect(asked).toEqual(['shop', 'bank']);
    expect(rights.why('approve', 'shop')).toBeUndefined();
    expect(rights.why('approve', 'bank')).toContain('may not approve in bank');
    expect(rights.why('pause', 'bank')).toBeUndefined();
    time.nowMs += 61_000;
    rights.want(['shop']);
    await settled();
    expect(asked).toEqual(['shop', 'bank', 'shop']);
  });

  it('keep nobody from trying where they cannot be had', async () => {
    const { rights, asked } = make(undefined);
    rights.want(['shop']);
    await settled();
    expect([asked, rights.why('reject', 'shop')]).toEqual([['shop'], undefined]);
  });

  it('of many namespaces are all asked, a few at a time', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `n${index}`);
    const { rights, asked } = make(NONE, Object.fromEntries(names.map((name) => [name, ALL])));
    rights.want(names);
    expect(asked).toHaveLength(4);
    await settled();
    expect(asked).toHaveLength(30);
  });
});
