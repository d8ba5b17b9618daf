import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allBlocks, type Block } from '../documented/blocks.ts';
import { isForChart } from '../documented/data.ts';
import { startDemo } from '../documented/demo.ts';
import { startEmptyCluster } from '../documented/empty-cluster.ts';
import { PROMISED } from '../documented/promised.ts';
import { startReaderCluster } from '../documented/reader-cluster.ts';
import { openShell, type DocumentShell, type Surroundings } from '../documented/shell.ts';
import type { Ran } from '../parts/plugin-people.ts';

const BLOCKS = allBlocks().filter(
  ({ language, marks }) => language === 'sh' && !marks.includes('needs-internet'),
);
/** Pages that put Headwind into a cluster and take it away again. */
const INSTALLING = new Set(
  BLOCKS.filter(({ text }) => /helm uninstall|delete -[fk] deploy|delete deployment headwind/.test(text)).map(
    ({ file }) => file,
  ),
);
const installs = ({ file, text }: Block): boolean => INSTALLING.has(file) || /^\s*helm /m.test(text);
const DEMO_PAGE = 'docs/quick-start.md';
const END_OF_DEMO =
  BLOCKS.find(({ file, text }) => file === DEMO_PAGE && text.includes('kubectl apply'))?.line ?? 0;

const nowhere = BLOCKS.filter(({ marks }) => marks.length === 0);
const RUNNING = BLOCKS.filter(({ marks }) => marks.includes('needs-cluster'));
const inDemo = RUNNING.filter(({ file, line }) => file === DEMO_PAGE && line < END_OF_DEMO);
const inEmptyCluster = RUNNING.filter(installs);
const inCluster = RUNNING.filter((block) => !inDemo.includes(block) && !installs(block));
/** For what asks nothing of a cluster. */
const NOWHERE: Surroundings = {
  kubeconfig: '/dev/null',
  servers: () => ({ webhook: '', api: '', ui: '', metrics: '' }),
  words: {},
  env: {},
  before: () => Promise.resolve(),
  after: () => Promise.resolve(),
};
const named = (blocks: readonly Block[]): (readonly [string, string])[] =>
  blocks.map(({ file, line, text }) => [`${file}:${line}`, text]);

/** Each ends well where nobody looks closely. */
const WRONG = [
  'curl http://localhost:8081/api/v1/update',
  'curl -fsS http://localhost:8082/api/v1/metrics/timeseries/no_such_metric',
  'curl -X POST -H "Authorization: Bearer nobody" http://localhost:8081/api/v1/updates/<namespace>/<name>/approve',
  'kubectl port-forward -n headwind-system svc/headwind-api 9999',
  'kubectl -n headwind-system logs deployment/headwnd',
  'kubectl headwind aprove <name> -n <namespace>\necho done',
  'kubectl headwind rollback web app -n shop --to 9.9.9 | cat',
  'kubectl apply -f deploy/k8s/no-such-file.yaml; true && false',
  'make no-such-target',
  'echo "$NO_SUCH_VARIABLE"',
];

let shell: DocumentShell;
beforeAll(async () => {
  shell = await openShell();
});
afterAll(() => shell.close());

/** Starts surroundings for a group of tests; answers what runs a block in them, and says how that ended. */
function among(
  start: () => Promise<Surroundings & { close(): Promise<void> }>,
): (text: string) => Promise<Ran> {
  let surroundings: Awaited<ReturnType<typeof start>> | undefined;
  beforeAll(async () => {
    surroundings = await start();
  });
  afterAll(() => surroundings?.close());
  return (text) => {
    if (surroundings === undefined) throw new Error('there is nothing to run this in');
    return shell.run(text, surroundings);
  };
}

/** What it printed where it failed; nothing where it is done. */
function failureOf({ code, out, err }: Ran): string {
  return code === 0 ? '' : `it ends with ${code}\n${out}\n${err}`;
}

describe('in a cluster where Headwind runs', () => {
  const run = among(startReaderCluster);
  it.each(PROMISED)('what earlier documents promise works as printed: %s', async (text) => {
    expect(failureOf(await run(text))).toBe('');
  });
  it.each(named(inCluster))('%s works', async (_, text) => {
    expect(failureOf(await run(text))).toBe('');
  });
  it.each(WRONG)('what would not work is seen: %s', async (text) => {
    expect(await run(text)).not.toMatchObject({ code: 0 });
  });
  it('what nobody knows the meaning of is seen', async () => {
    await expect(run('kubectl headwind get <some thing>')).rejects.toThrow('<some thing>');
  });
});

describe('in an empty cluster', () => {
  const run = among(startEmptyCluster);
  it.each(named(inEmptyCluster))('%s works', async (_, text) => {
    expect(failureOf(await run(text))).toBe('');
  });
});

describe('for the chart', () => {
  const values = allBlocks().filter(({ language, text }) => language === 'yaml' && isForChart(text));
  it.each(named(values))('%s are values that it takes', async (_, text) => {
    const script = `helm template headwind charts/headwind --values - >/dev/null <<'VALUES'\n${text}VALUES\n`;
    expect(failureOf(await shell.run(script, NOWHERE))).toBe('');
  });
});

describe('without a cluster', () => {
  it.each(named(nowhere))('%s works', async (_, text) => {
    expect(failureOf(await shell.run(text, NOWHERE))).toBe('');
  });
});

describe('in the demo', () => {
  const run = among(startDemo);
  it.each(named(inDemo))('%s works', async (_, text) => {
    expect(failureOf(await run(text))).toBe('');
  });
});
