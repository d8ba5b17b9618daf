import { afterEach, describe, expect, it } from 'vitest';
import { startScriptedServer, type ScriptedServer } from '../../test/parts/scripted-server.ts';
import { systemClock } from '../system.ts';
import type { Backend } from './backend.ts';
import { createBackendHttp } from './http.ts';
import { createPrometheus } from './prometheus.ts';
import type { Queryable } from './queryable.ts';
import { windowOf } from './ranges.ts';
import { toSteps } from './series.ts';

const APPLIED: Queryable = { name: 'headwind_updates_applied_total', kind: 'counter', across: 'sum' };
const PENDING: Queryable = { name: 'headwind_updates_pending', kind: 'gauge', across: 'max' };
const NOW = Date.UTC(2026, 0, 2, 12, 0, 30);

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

type Rows = readonly { readonly metric: object; readonly value?: unknown; readonly values?: unknown }[];

/** A backend that answers each query with what `rows` says. */
async function answering(rows: (path: string, query: URLSearchParams) => Rows | string): Promise<Backend> {
  server = await startScriptedServer(({ url, body }, response) => {
    const result = rows(url, new URLSearchParams(body));
    response.end(
      typeof result === 'string'
        ? result
        : JSON.stringify({ status: 'success', data: { resultType: '', result } }),
    );
  });
  const http = createBackendHttp({ clock: systemClock, userAgent: 'test' });
  return createPrometheus({
    id: 'prometheus',
    url: `${server.url}/prefix/`,
    http,
    clock: { now: () => NOW },
  });
}

const labels = (name: string, instance: string): object => ({ __name__: name, job: 'headwind', instance });

describe('Prometheus', () => {
  it('is asked by POST below its own path, for the metrics by their names', async () => {
    const backend = await answering(() => []);
    await backend.sample([APPLIED, PENDING], windowOf('1h', NOW));
    const ranged = server?.requests.filter(({ url }) => url === '/prefix/api/v1/query_range') ?? [];
    const queries = ranged.map(({ body }) => new URLSearchParams(body));
    expect(queries.map((query) => query.get('query'))).toEqual([
      'last_over_time({__name__=~"headwind_updates_applied_total|headwind_updates_pending|headwind_start_time_seconds"}[15s])',
      'min_over_time(headwind_start_time_seconds[15s])',
    ]);
    const { fromMs } = windowOf('1h', NOW);
    expect(queries[0]?.get('start')).toBe(String(fromMs / 1000 - 15));
    expect(queries[0]?.get('end')).toBe(String(NOW / 1000));
    expect(queries[0]?.get('step')).toBe('15');
  });

  it('tells of each process by itself, and what is so now counts as now', async () => {
    const { fromMs } = windowOf('6h', NOW);
    const at = (ms: number): number => ms / 1000;
    const backend = await answering((path, query) =>
      query.get('query')?.startsWith('min') === true
        ? []
        : path.endsWith('query_range')
          ? [
              {
                metric: labels(APPLIED.name, 'a'),
                values: [
                  [at(fromMs), '7'],
                  [at(fromMs + 60_000), '9'],
                ],
              },
              { metric: labels(APPLIED.name, 'b'), values: [[at(fromMs + 120_000), '3']] },
              {
                metric: labels('headwind_start_time_seconds', 'b'),
                values: [[at(fromMs + 120_000), String(at(fromMs + 100_000))]],
              },
            ]
          : [{ metric: labels(APPLIED.name, 'a'), value: [at(NOW) + 40, '10'] }],
    );
    const window = windowOf('6h', NOW);
    const steps = toSteps(APPLIED, await backend.sample([APPLIED], window), window);
    expect(steps[0]).toBe(5);
    expect(steps.at(-1)).toBe(1);
  });

  it('asks what a process had counted, where it was started anew between two points of the grid', async () => {
    const { fromMs } = windowOf('6h', NOW);
    const startedAgain = (fromMs + 90_000) / 1000;
    const moment = (fromMs + 120_000) / 1000;
    const start = labels('headwind_start_time_seconds', 'a');
    const backend = await answering((path, query) => {
      const isMin = query.get('query')?.startsWith('min') === true;
      if (query.get('time') === String(startedAgain))
        return [
          { metric: labels(APPLIED.name, 'a'), value: [startedAgain, '9'] },
          { metric: labels(APPLIED.name, 'b'), value: [startedAgain, '1000'] },
          { metric: start, value: [startedAgain, '5'] },
        ];
      if (!path.endsWith('query_range')) return [];
      if (isMin) return [{ metric: { job: 'headwind', instance: 'a' }, values: [[moment, '5']] }];
      return [
        {
          metric: labels(APPLIED.name, 'a'),
          values: [
            [moment - 60, '7'],
            [moment, '20'],
          ],
        },
        {
          metric: start,
          values: [
            [moment - 60, '5'],
            [moment, String(startedAgain)],
          ],
        },
      ];
    });
    const window = windowOf('6h', NOW);
    const samples = await backend.sample([APPLIED], window);
    expect(toSteps(APPLIED, samples, window)[0]).toBe(22);
  });

  it('tells the last value of each series', async () => {
    const backend = await answering(() => [
      { metric: labels(PENDING.name, 'a'), value: [1, '4'] },
      { metric: labels(PENDING.name, 'b'), value: [1, 'NaN'] },
    ]);
    const [first, second] = await backend.latest([PENDING]);
    expect(first).toMatchObject({ metric: PENDING.name, points: [{ value: 4 }] });
    expect(second?.points).toEqual([]);
  });

  it('tells when it last got metrics of Headwind, and that it never did', async () => {
    let rows: Rows = [{ metric: {}, value: [NOW / 1000, String(NOW / 1000 - 12)] }];
    const backend = await answering(() => rows);
    expect(await backend.newest()).toBe(NOW - 12_000);
    rows = [];
    expect(await backend.newest()).toBeUndefined();
  });

  it.each([
    ['no JSON', '<html>', /not JSON/],
    ['other JSON', '{"hello": 1}', /not of its query API/],
    ['an error', '{"status":"error","errorType":"bad_data","error":"no"}', /not of its query API/],
  ])('fails where it answers %s', async (_, text, expected) => {
    const backend = await answering(() => text);
    await expect(backend.latest([PENDING])).rejects.toThrow(expected);
  });

  it('loses a row that cannot be read, and no other', async () => {
    const backend = await answering(() => [
      { metric: { __name__: 5 }, value: 'odd' },
      { metric: labels(PENDING.name, 'a'), value: [1, '4'] },
    ]);
    expect(await backend.latest([PENDING])).toHaveLength(1);
  });
});
