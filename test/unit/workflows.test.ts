import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RELEASED } from '../../tools/executable/names.ts';
import { NODE_VERSION } from '../../tools/image/config.ts';

const ROOT = new URL('../../', import.meta.url);
const DIRECTORY = new URL('.github/workflows/', ROOT);

const Step = z.object({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
});
const Job = z.object({
  permissions: z.record(z.string(), z.enum(['read', 'write'])),
  'timeout-minutes': z.number().optional(),
  uses: z.string().optional(),
  steps: z.array(Step).default([]),
  strategy: z
    .object({ matrix: z.object({ include: z.array(z.object({ platform: z.string() })) }) })
    .optional(),
});
const Workflow = z.object({
  on: z.record(z.string(), z.unknown()),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(z.string(), Job),
});

const files = readdirSync(DIRECTORY);
const textOf = (file: string): string => readFileSync(new URL(file, DIRECTORY), 'utf8');
const workflowOf = (file: string): z.infer<typeof Workflow> => Workflow.parse(load(textOf(file)));
const stepsOf = (file: string): readonly z.infer<typeof Step>[] =>
  Object.values(workflowOf(file).jobs).flatMap(({ steps }) => steps);
const scriptsOf = (file: string): string =>
  stepsOf(file)
    .map(({ run }) => run ?? '')
    .join('\n');

/** What may run beside our own commands: each by the commit of a release, which cannot be moved as a tag can. */
const ACTIONS: Readonly<Record<string, string>> = {
  'actions/attest-build-provenance': 'a2bbfa25375fe432b6a289bc6b6cd05ecd0c4c32 # v4.1.0',
  'actions/cache': '668228422ae6a00e4ad889ee87cd7109ec5666a7 # v5.0.4',
  'actions/checkout': 'de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2',
  'actions/deploy-pages': 'cd2ce8fcbc39b97be8ca5fce6e763baed58fa128 # v5.0.0',
  'actions/download-artifact': '3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1',
  'actions/setup-node': '53b83947a5a98c8d113130e565377fae1a50d02f # v6.3.0',
  'actions/upload-artifact': '043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1',
  'actions/upload-pages-artifact': 'fc324d3547104276b827a68afc52ff2a11cc49c9 # v5.0.0',
  'sigstore/cosign-installer': 'faadad0cce49287aee09b3a48701e75088a2c6ad # v4.0.0',
};

/** What the jobs may write; all may read the sources, and nothing more. */
const WRITES: Readonly<Record<string, readonly string[]>> = {
  'release.yml image': ['attestations', 'id-token', 'packages'],
  'release.yml chart': ['id-token', 'packages'],
  'release.yml publish': ['attestations', 'contents', 'id-token'],
  'release.yml pages': ['id-token', 'pages'],
};
/** Jobs that need no sources. */
const SOURCELESS = ['release.yml pages'];

describe.each(files)('the workflow %s', (file) => {
  const { permissions, jobs } = workflowOf(file);

  it('may do nothing by default, and each job no more than it needs', () => {
    expect(permissions).toEqual({});
    const scopes = (job: z.infer<typeof Job>, access: string): readonly string[] =>
      Object.keys(job.permissions)
        .filter((scope) => job.permissions[scope] === access)
        .toSorted();
    const granted = Object.entries(jobs).map(([name, job]) => ({
      name,
      write: scopes(job, 'write'),
      read: scopes(job, 'read'),
    }));
    expect(granted).toEqual(
      Object.keys(jobs).map((name) => {
        const write = WRITES[`${file} ${name}`] ?? [];
        const reads = !write.includes('contents') && !SOURCELESS.includes(`${file} ${name}`);
        return { name, write, read: reads ? ['contents'] : [] };
      }),
    );
  });

  it('uses only known actions, by their commits', () => {
    const used = [...textOf(file).matchAll(/uses: (?!\.\/)([^@\s]+)@(.+)/g)];
    expect(used.length).toBeGreaterThan(0);
    expect(
      used.filter(([, action = '', version]) => version !== ACTIONS[action]).map(([all]) => all),
    ).toEqual([]);
    const local = Object.values(jobs).flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
    for (const path of local) expect(existsSync(new URL(path, ROOT))).toBe(true);
  });

  it('leaves no token behind in the clone, and knows no secrets', () => {
    for (const step of stepsOf(file).filter(({ uses }) => uses?.startsWith('actions/checkout@') === true))
      expect(step.with).toMatchObject({ 'persist-credentials': false });
    expect(textOf(file)).not.toMatch(/\bsecrets\b/);
  });

  it('puts nothing from outside into its commands', () => {
    expect(scriptsOf(file)).not.toContain('${{');
  });

  it('ends in time', () => {
    const endless = Object.entries(jobs).filter(
      ([, job]) => job.uses === undefined && job['timeout-minutes'] === undefined,
    );
    expect(endless.map(([name]) => name)).toEqual([]);
  });

  it('asks make and node only for what there is', () => {
    const makefile = readFileSync(new URL('Makefile', ROOT), 'utf8');
    const targets = new Set([...makefile.matchAll(/^([a-z-]+):/gm)].map(([, target]) => target));
    for (const [, target] of scriptsOf(file).matchAll(/\bmake ([a-z-]+)/g)) expect(targets).toContain(target);
    const programs = [...scriptsOf(file).matchAll(/\bnode (\S+)/g)].map(([, program = '']) => program);
    expect(programs.filter((program) => !existsSync(new URL(program, ROOT)))).toEqual([]);
  });
});

describe('continuous integration', () => {
  it('runs .ci/run, as everybody can, and nothing else', () => {
    const commands = stepsOf('ci.yml').flatMap(({ run }) => (run === undefined ? [] : [run]));
    expect(commands).toEqual(['sudo env "PATH=$PATH" "HOME=$HOME" .ci/run']);
  });

  it('runs for every proposal', () => {
    expect(Object.keys(workflowOf('ci.yml').on)).toEqual(['push', 'pull_request', 'workflow_call']);
  });
});

describe('a release', () => {
  it('is made for tags alone', () => {
    expect(workflowOf('release.yml').on).toEqual({ push: { tags: ['v*'] } });
  });

  it('publishes the site from a job that runs nothing of ours', () => {
    const steps = workflowOf('release.yml').jobs['pages']?.steps ?? [];
    expect(steps.map(({ uses, run }) => uses?.replace(/@.*/, '') ?? run)).toEqual(['actions/deploy-pages']);
  });

  it('has executables for every platform that Krew is told of', () => {
    const matrix = workflowOf('release.yml').jobs['executables']?.strategy?.matrix.include ?? [];
    expect(matrix.map(({ platform }) => platform).toSorted()).toEqual(
      RELEASED.map(({ node }) => `${node.platform}-${node.arch}`).toSorted(),
    );
  });

  it('holds the same Node.js everywhere', () => {
    const versions = stepsOf('release.yml').flatMap(({ with: { 'node-version': version } }) =>
      version === undefined ? [] : [version],
    );
    expect(versions).toEqual([NODE_VERSION]);
  });
});
