import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../exit.ts';
import { declareOptions, OPTIONS } from './option-table.ts';
import { readOptions, type PluginOptions } from './options.ts';

function read(args: readonly string[], command: string, env: Record<string, string> = {}): PluginOptions {
  const program = declareOptions(new Command('kubectl-headwind')).exitOverride();
  program.argument('[words...]').action(() => {});
  program.parse([...args], { from: 'user' });
  return readOptions(program.opts(), command, env);
}

describe('options', () => {
  it('are all known to whoever reads them', () => {
    const given: Record<string, string> = {
      '--output': 'json',
      '--kind': 'sts',
      '--timeout': '3s',
      '--api-url': 'http://h:1',
      '--api-service': 'a/b',
    };
    for (const { flags, only } of OPTIONS) {
      const long = /--[a-z-]+/.exec(flags)?.[0] ?? '';
      const value = flags.includes('<') ? [given[long] ?? 'pending'] : [];
      const more = long.startsWith('--as-') ? ['--as', 'ann'] : [];
      expect(() => read([long, ...value, ...more], only?.[0] ?? 'list')).not.toThrow();
    }
  });

  it.each(OPTIONS.filter(({ only }) => only !== undefined).map(({ flags }) => flags))(
    '%s is refused where it means nothing',
    (flags) => {
      const long = /--[a-z-]+/.exec(flags)?.[0] ?? '';
      const args = flags.includes('<') ? [long, 'x'] : [long];
      expect(() => read(args, 'completion')).toThrow(`${long} does not go with completion`);
    },
  );

  it('may be given several times where that means something', () => {
    const { pushed, files } = read(['--pushed', 'a:1', '-f', 'x', '--pushed', 'b:2', '-f', '-'], 'simulate');
    expect({ pushed, files }).toEqual({ pushed: ['a:1', 'b:2'], files: ['x', '-'] });
    const as = read(['--as', 'ann', '--as-group', 'a', '--as-group', 'b', '--as-uid', '7'], 'list');
    expect(as.impersonate).toEqual({ user: 'ann', groups: ['a', 'b'], uid: '7' });
  });

  it.each<[string, readonly string[], Record<string, string>, string | undefined]>([
    ['nothing', [], {}, undefined],
    ['the option', ['--api-url', 'http://a:1/'], { HEADWIND_API_URL: 'http://b:1' }, 'http://a:1'],
    [
      'HEADWIND_API_URL',
      [],
      { HEADWIND_API_URL: 'https://b/x/', HEADWIND_API_SERVICE: 'c:1' },
      'https://b/x',
    ],
    [
      'HEADWIND_API_SERVICE',
      [],
      { HEADWIND_API_SERVICE: 'headwind-api.headwind-system.svc.cluster.local:8081' },
      'http://headwind-api.headwind-system.svc.cluster.local:8081',
    ],
    ['empty variables, which say nothing', [], { HEADWIND_API_URL: '', HEADWIND_API_SERVICE: '' }, undefined],
  ])('take the API from %s', (_name, args, env, expected) => {
    expect(read(args, 'list', env).apiUrl).toBe(expected);
  });

  it.each<[readonly string[], Record<string, string>]>([
    [['--api-url', 'ftp://x'], {}],
    [[], { HEADWIND_API_URL: 'x' }],
    [[], { HEADWIND_API_SERVICE: 'http://x' }],
    [[], { HEADWIND_API_TOKEN: 'two words' }],
    [['--as', ''], {}],
    [['--as-group', 'x'], {}],
    [['-n', 'a', '-A'], {}],
    [['-o', 'go-template'], {}],
    [['-l', 'a=b=c'], {}],
  ])('%j and %j are bad usage', (args, env) => {
    expect(() => read(args, 'list', env)).toThrow(UsageError);
  });

  it('never show the token that is wrong', () => {
    expect(() => read([], 'list', { HEADWIND_API_TOKEN: 'hunter 2' })).toThrow(/^(?!.*hunter)/);
  });

  it.each<[string, string]>([
    ['ns/svc', 'api'],
    ['ns/svc:8081', '8081'],
  ])('find the service %s', (text, port) => {
    const { apiService } = read(['--api-service', text], 'explain');
    expect(apiService).toEqual({ namespace: 'ns', name: 'svc', port });
  });

  it.each(['svc', 'ns/svc/../x', 'ns/svc:http:proxy', 'ns/s%2fvc', 'ns/'])(
    'find no service in %s',
    (text) => {
      expect(() => read(['--api-service', text], 'explain')).toThrow('expected <namespace>/<service>[:port]');
    },
  );
});
