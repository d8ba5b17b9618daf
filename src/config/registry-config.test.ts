import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSelfSigned, type SelfSigned } from '../../test/parts/certificate.ts';
import { formatProblems } from './problem.ts';
import { readRegistryConfig } from './registry-config.ts';
import { DEFAULT_REGISTRY_CONFIG } from './registry-hosts.ts';

const FILE = '/etc/headwind/registries.yaml';

function read(text: string, others: Readonly<Record<string, string>> = {}) {
  const files = new Map([[FILE, text], ...Object.entries(others)]);
  return readRegistryConfig({
    file: FILE,
    readFile: async (path) => {
      const found = files.get(path);
      if (found === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return found;
    },
  });
}

async function problems(
  text: string,
  others: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const config = await read(text, others);
  return config.ok ? [] : formatProblems(config.error).map((line) => line.replace(`${FILE}: `, ''));
}

let directory: string;
let signed: SelfSigned;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headwind-ca-'));
  signed = await makeSelfSigned(directory, 'localhost');
});
afterAll(() => rm(directory, { recursive: true }));

describe('readRegistryConfig', () => {
  it.each(['', '  \n', '# nothing\n', '{}', 'hosts: {}', 'defaults: {}'])(
    'takes %j for what holds without a file',
    async (text) => {
      expect(await read(text)).toEqual({ ok: true, value: DEFAULT_REGISTRY_CONFIG });
    },
  );

  it('reads every setting, hosts inheriting the defaults', async () => {
    const pem = await readFile(signed.certificateFile, 'utf8');
    const config = await read(
      `
defaults: { requestsPerSecond: 10, tagBudget: 5000 }
hosts:
  index.docker.io:
    mirrors: [Mirror.local:5000, { host: harbor.local/dockerhub/, credentials: true }]
    requestsPerSecond: 0.5
  harbor.local:443: { ca: ca.pem, concurrency: 2, timeout: 1m30s }
  mirror.local:5000: { insecure: true, timeout: 5 }
`,
      { '/etc/headwind/ca.pem': `a line before\n${pem}${pem}` },
    );

    const defaults = { requestsPerSecond: 10, concurrency: 8, tagBudget: 5000, timeoutMs: 30_000 };
    const plain = { ...defaults, insecure: false, ca: undefined, mirrors: [] };
    expect(config).toEqual({
      ok: true,
      value: {
        defaults,
        hosts: new Map([
          [
            'docker.io',
            {
              ...plain,
              requestsPerSecond: 0.5,
              mirrors: [
                { host: 'mirror.local:5000', prefix: '', sendsCredentials: false },
                { host: 'harbor.local', prefix: 'dockerhub', sendsCredentials: true },
              ],
            },
          ],
          [
            'harbor.local',
            { ...plain, ca: `${pem.trim()}\n${pem.trim()}`, concurrency: 2, timeoutMs: 90_000 },
          ],
          ['mirror.local:5000', { ...plain, insecure: true, timeoutMs: 5000 }],
        ]),
      },
    });
  });

  it('takes the example in README.md, whose defaults are the true ones', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const example = /```yaml\n(defaults:[^`]*)```/.exec(readme)?.[1] ?? '';
    const pem = await readFile(signed.certificateFile, 'utf8');

    const config = await read(example, { '/etc/headwind/harbor-ca.pem': pem });

    expect(config).toMatchObject({ ok: true, value: { defaults: DEFAULT_REGISTRY_CONFIG.defaults } });
    expect(config.ok && [...config.value.hosts.keys()].sort()).toEqual([
      'docker.io',
      'harbor.local',
      'mirror.local:5000',
    ]);
  });

  it('lists every problem with its place in the file', async () => {
    const found = await problems(
      `
defaults: { concurrency: 0, colour: red }
hosts:
  https://reg.local: {}
  reg.local:5000:
    insecure: maybe
    ca: missing.pem
    requestsPerSecond: fast
    tagBudget: 1.5
    timeout: 1h
    mirrors: [mirror.local, 'https://x', { host: y, credentials: 1 }, { credentials: true }, 7]
  other.local: { ca: not.pem }
  docker.io: {}
  registry-1.docker.io: {}
registries: []
`,
      { '/etc/headwind/not.pem': 'nothing of the kind' },
    );

    expect([...found].toSorted()).toEqual(
      [
        'defaults.concurrency="0": expected a whole number from 1 to 256',
        'defaults.colour="…": expected nothing: there is no setting of this name',
        'hosts["https://reg.local"]="https://reg.local": expected a registry host without a scheme, such as registry.local:5000',
        'hosts["reg.local:5000"].insecure="maybe": expected true or false',
        'hosts["reg.local:5000"].ca="missing.pem": expected the path of a PEM file that can be read (ENOENT)',
        'hosts["reg.local:5000"].requestsPerSecond="fast": expected a number from 0.01 to 10000',
        'hosts["reg.local:5000"].tagBudget="1.5": expected a whole number from 1 to 1000000',
        'hosts["reg.local:5000"].timeout="1h": expected a duration from 1s to 10m',
        'hosts["reg.local:5000"].mirrors[1].host="https://x": expected a host without a scheme, with a path where it needs one, such as harbor.local/dockerhub',
        'hosts["reg.local:5000"].mirrors[2].credentials="1": expected true or false',
        'hosts["reg.local:5000"].mirrors[3].host="": expected a host without a scheme, with a path where it needs one, such as harbor.local/dockerhub',
        'hosts["reg.local:5000"].mirrors[4]="7": expected a table of host, credentials',
        'hosts["other.local"].ca="not.pem": expected the path of a PEM file with certificates',
        'hosts["registry-1.docker.io"]="registry-1.docker.io": expected one entry for docker.io',
        'registries="…": expected nothing: there is no setting of this name',
      ].toSorted(),
    );
  });

  it.each([
    { what: 'a list', text: '- a', words: 'expected a table of defaults, hosts' },
    { what: 'a word', text: 'hosts', words: 'expected a table of defaults, hosts' },
    { what: 'hosts as a list', text: 'hosts: [a]', words: 'hosts="[\\"a\\"]": expected a table of hosts' },
    { what: 'a host with nothing', text: 'hosts: { a.local: }', words: 'expected a table of' },
    { what: 'no YAML', text: 'hosts: {\n', words: 'expected a YAML file (line' },
    {
      what: 'a file that is too large',
      text: '#'.repeat(2_000_000),
      words: 'expected a file of at most 1 MiB',
    },
  ])('does not take $what', async ({ text, words }) => {
    expect((await problems(text)).join('\n')).toContain(words);
  });

  it('says why the file itself cannot be read', async () => {
    const config = await readRegistryConfig({
      file: FILE,
      readFile: () => Promise.reject(Object.assign(new Error('denied'), { code: 'EACCES' })),
    });

    expect(config).toEqual({
      ok: false,
      error: [
        { variable: 'HEADWIND_REGISTRY_CONFIG', value: FILE, expected: 'a file that can be read (EACCES)' },
      ],
    });
  });
});
