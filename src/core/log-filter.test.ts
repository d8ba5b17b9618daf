import { describe, expect, it } from 'vitest';
import {
  DEFAULT_LOG_FILTER,
  isLevelEnabled,
  levelFor,
  parseLogFilter,
  type LogFilter,
} from './log-filter.ts';

function filterOf(text: string): LogFilter {
  const parsed = parseLogFilter(text);
  if (!parsed.ok) throw new Error(`not a filter: ${parsed.error.join(', ')}`);
  return parsed.value;
}

describe('parseLogFilter', () => {
  it.each([
    ['a level alone is the default for all targets', 'debug', 'headwind::webhook', 'debug'],
    ['levels may be written in capitals', 'WARN', 'headwind::webhook', 'warn'],
    ['a target with a level covers what is below it', 'headwind=debug', 'headwind::registry', 'debug'],
    ['the longest target decides', 'headwind=warn,headwind::registry=trace', 'headwind::registry', 'trace'],
    ['the order does not matter', 'headwind::registry=trace,headwind=warn', 'headwind::registry', 'trace'],
    ['of two equal targets the later decides', 'headwind=warn,headwind=debug', 'headwind::api', 'debug'],
    ['a target alone says everything', 'headwind::api', 'headwind::api', 'trace'],
    ['what no directive names is silent', 'headwind::api=info', 'headwind::registry', 'off'],
    ['directives for other programs do no harm', 'info,kube=warn,hyper::client=off', 'headwind::api', 'info'],
    ['spaces and empty parts are skipped', ' info , ,headwind::api = debug', 'headwind::api', 'debug'],
    ['an empty text is the default', '', 'headwind::api', 'info'],
    ['audit records are written under a quiet default', 'error', 'headwind::audit', 'info'],
    ['audit records are silenced only by name', 'error,headwind::audit=off', 'headwind::audit', 'off'],
  ])('%s', (_name, text, target, expected) => {
    expect(levelFor(filterOf(text), target)).toBe(expected);
  });

  it('lists every directive that it cannot read', () => {
    expect(parseLogFilter('inof,headwind=verbose,headwind[span]=info,=debug,info')).toEqual({
      ok: false,
      error: ['inof', 'headwind=verbose', 'headwind[span]=info', '=debug'],
    });
  });
});

describe('isLevelEnabled', () => {
  it.each([
    ['an error where information is allowed', 'info', 'error', true],
    ['information where information is allowed', 'info', 'info', true],
    ['no debugging where information is allowed', 'info', 'debug', false],
    ['no errors where nothing is allowed', 'off', 'error', false],
  ] as const)('%s', (_name, allowed, level, expected) => {
    expect(isLevelEnabled(allowed, level)).toBe(expected);
  });

  it('lets information through by default', () => {
    expect(levelFor(DEFAULT_LOG_FILTER, 'headwind::pipeline')).toBe('info');
  });
});
