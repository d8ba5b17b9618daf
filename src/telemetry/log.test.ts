import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LOG_FILTER, parseLogFilter } from '../core/log-filter.ts';
import { createAudit } from './audit.ts';
import { createLogRoot, type LogRoot } from './log.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const clock = { now: () => NOW };

function jsonLog(filter = 'trace'): { root: LogRoot; lines: string[]; last: () => unknown } {
  const parsed = parseLogFilter(filter);
  const lines: string[] = [];
  const root = createLogRoot({
    filter: parsed.ok ? parsed.value : DEFAULT_LOG_FILTER,
    format: 'json',
    write: (line) => lines.push(line),
    clock,
  });
  return { root, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') };
}

function prettyLine(fields: object, message: string, colours = false): string {
  const lines: string[] = [];
  const root = createLogRoot({
    filter: DEFAULT_LOG_FILTER,
    format: 'pretty',
    write: (line) => lines.push(line),
    clock,
    colours,
  });
  root.target('headwind::webhook').info(fields, message);
  return lines.join('\n');
}

describe('JSON records', () => {
  it('have the shape of Rust’s tracing', () => {
    const { root, last } = jsonLog();
    root.target('headwind::webhook').info({ port: 8080 }, 'Listening');
    expect(last()).toEqual({
      timestamp: '2026-01-02T03:04:05.678Z',
      level: 'INFO',
      target: 'headwind::webhook',
      fields: { port: 8080, message: 'Listening' },
    });
  });

  it.each([
    ['an error as name, message and code', Object.assign(new Error('no route'), { code: 'ENETUNREACH' })],
    ['an error given in place of the fields', new Error('no route')],
  ])('hold %s', (_name, error) => {
    const { root, last } = jsonLog();
    root
      .target('headwind::api')
      .error(error.cause === undefined && !('code' in error) ? error : { error }, 'Failed');
    expect(last()).toMatchObject({ fields: { error: { name: 'Error', message: 'no route' } } });
  });

  it('hold the chain of causes, and end when it is a ring', () => {
    const inner = new TypeError('inner');
    const outer = new Error('outer', { cause: inner });
    inner.cause = outer;
    const { root, last } = jsonLog();
    root.target('headwind::api').error({ error: outer }, 'Failed');
    expect(last()).toMatchObject({
      fields: { error: { message: 'outer', cause: { name: 'TypeError', message: 'inner' } } },
    });
  });

  it.each([
    ['a header named Authorization', { headers: { Authorization: 'Bearer abcdef123' } }, 'abcdef123'],
    ['a token by its name', { token: 'abcdef123' }, 'abcdef123'],
    ['credentials in a URL', { url: 'https://bob:abcdef123@reg.example.com/' }, 'abcdef123'],
    ['credentials in an error message', { error: new Error('GET https://bob:abcdef123@x') }, 'abcdef123'],
    [
      'credentials in a cause',
      { error: new Error('x', { cause: new Error('Basic abcdef123') }) },
      'abcdef123',
    ],
    ['a URL object', { url: new URL('https://bob:abcdef123@reg.example.com/') }, 'abcdef123'],
  ])('do not hold %s', (_name, fields, secret) => {
    const { root, lines } = jsonLog();
    root.target('headwind::api').info(fields, 'Asked');
    expect(lines.join()).not.toContain(secret);
  });

  it('are always one line of JSON, whatever the fields are', () => {
    const { root, lines } = jsonLog();
    const log = root.target('headwind::api');
    fc.assert(
      fc.property(fc.object({ withBigInt: true, withDate: true, withMap: true, withSet: true }), (fields) => {
        lines.length = 0;
        log.info(fields, 'Something');
        expect(lines).toHaveLength(1);
        expect(lines[0]).not.toContain('\n');
        expect(JSON.parse(lines[0] ?? '')).toMatchObject({ fields: { message: 'Something' } });
      }),
    );
  });

  it('are bounded in depth, items and text', () => {
    const ring: Record<string, unknown> = {
      text: 'x'.repeat(100_000),
      items: Array.from({ length: 1000 }, () => 'y'),
    };
    ring['self'] = ring;
    const { root, lines } = jsonLog();
    root.target('headwind::api').info(ring, 'Large');
    expect(lines[0]?.length).toBeLessThan(40_000);
  });
});

describe('the filter', () => {
  it('decides by level and target', () => {
    const { root, lines } = jsonLog('info,headwind::registry=debug,headwind::api=error');
    root.target('headwind::registry').debug({}, 'Written');
    root.target('headwind::webhook').debug({}, 'Not written');
    root.target('headwind::api').warn({}, 'Not written');
    root.target('headwind::api').error({}, 'Written');
    expect(lines).toHaveLength(2);
  });

  it('can change while logs are in use', () => {
    const { root, lines } = jsonLog('error');
    const log = root.target('headwind::api');
    log.info({}, 'Not written');
    root.setFilter(DEFAULT_LOG_FILTER);
    log.info({}, 'Written');
    expect(lines).toHaveLength(1);
  });
});

describe('records for a terminal', () => {
  it('are readable', () => {
    expect(prettyLine({ sender: 'quay', tags: ['1.2', '1.3'], note: 'two words' }, 'Webhook received')).toBe(
      '03:04:05.678  INFO webhook Webhook received sender=quay tags=["1.2","1.3"] note="two words"',
    );
  });

  it('have colours only where they are asked for', () => {
    expect(prettyLine({ a: 1 }, 'x', true)).toContain('\u001b[');
    expect(prettyLine({ a: 1 }, 'x', false)).not.toContain('\u001b[');
  });

  it('cannot be used to steer the terminal', () => {
    const line = prettyLine(
      { tag: '\u001b[2J\u009b31m\nINFO forged', '\u001bkey': 1 },
      'bad\u001b]0;title\u0007',
    );
    // oxlint-disable-next-line no-control-regex -- exactly these are meant
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });
});

describe('audit records', () => {
  const entry = {
    username: 'alice',
    action: 'approve',
    resourceType: 'UpdateRequest',
    namespace: 'default',
    name: 'nginx-update-1-26-0',
    result: 'success',
  } as const;

  it('say who did what, to what, and how it went', () => {
    const { root, last } = jsonLog();
    createAudit(root, clock).record(entry);
    expect(last()).toMatchObject({
      level: 'INFO',
      target: 'headwind::audit',
      fields: {
        message: 'Audit log entry',
        timestamp: '2026-01-02T03:04:05Z',
        username: 'alice',
        action: 'approve',
        resource_type: 'UpdateRequest',
        namespace: 'default',
        name: 'nginx-update-1-26-0',
        result: 'success',
      },
    });
  });

  it('are written where the log is quiet', () => {
    const { root, lines } = jsonLog('error');
    createAudit(root, clock).record({ ...entry, result: 'error', reason: 'conflict' });
    expect(lines).toHaveLength(1);
  });
});
