import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aRequest, NOON } from '../../../test/builders.ts';
import { createRecordingTerminal } from '../../../test/parts/recording-terminal.ts';
import { startRequestCluster, type RequestCluster } from '../../../test/parts/request-cluster.ts';
import type { Clock } from '../../core/clock.ts';
import { formatHistory } from '../../core/history.ts';
import { requestLabels } from '../../core/request-name.ts';
import { runPlugin } from './program.ts';

const ROOT = new URL('../../../', import.meta.url);
const directory = mkdtempSync(join(tmpdir(), 'headwind-documented-'));
let cluster: RequestCluster;

/** The command lines that earlier documents of Headwind promise, as they print them. */
const PROMISED = [
  'kubectl headwind rollback nginx-deployment -n production',
  'kubectl headwind history nginx-deployment -n production',
  'kubectl headwind list',
  'kubectl headwind approve nginx-update-v1-27-0 --approver admin@example.com',
  'kubectl headwind reject nginx-update-v1-27-0 "Not ready" --approver admin@example.com',
];

beforeAll(async () => {
  cluster = await startRequestCluster();
  const config = {
    'current-context': 'main',
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'bob', namespace: 'production' } }],
    clusters: [{ name: 'c', cluster: { server: cluster.url } }],
    users: [{ name: 'bob', user: { token: 'x' } }],
  };
  writeFileSync(join(directory, 'config'), JSON.stringify(config));
});

afterAll(async () => {
  await cluster.close();
  rmSync(directory, { recursive: true });
});

beforeEach(() => {
  cluster.requests.clear();
  cluster.afterPatch = (request) => {
    if (request.status.phase !== 'Approved') return;
    cluster.put({ ...request, status: { ...request.status, phase: 'Completed' } });
  };
  putWorkload('nginx-deployment');
  const spec = {
    targetRef: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'nginx-deployment',
      namespace: 'production',
    },
  };
  const pending = aRequest({ name: 'nginx-update-v1-27-0', namespace: 'production', spec });
  const labels = requestLabels({ kind: 'Deployment', name: 'nginx-deployment' }, 'web');
  cluster.put({ ...pending, metadata: { ...pending.metadata, labels } });
});

function putWorkload(name: string): void {
  const history = formatHistory([
    { container: 'web', image: 'nginx:1.26.0', timestamp: '2026-01-01T11:00:00Z' },
    { container: 'web', image: 'nginx:1.25.0', timestamp: '2026-01-01T10:00:00Z' },
  ]);
  const annotations = { 'headwind.sh/policy': 'minor', 'headwind.sh/update-history': history };
  cluster.workloads.set(`/apis/apps/v1/namespaces/production/deployments/${name}`, {
    metadata: { name, namespace: 'production', uid: 'u', resourceVersion: '1', annotations },
    spec: { template: { spec: { containers: [{ name: 'web', image: 'nginx:1.26.0' }] } } },
  });
}

/** The command lines for the plugin in a text, up to a pipe or a comment; xargs has a name to add. */
function commandLines(text: string): readonly string[] {
  const joined = text.replaceAll(/\\\n\s*/g, ' ').replaceAll(/<([a-z]+)>/g, 'some-$1');
  const found = joined.matchAll(/(xargs )?(kubectl headwind[^\n|#&<>)`]*)/g);
  return Array.from(found, ([, xargs, line = '']) => line.trim() + (xargs === undefined ? '' : ' some-name'));
}

/** As a shell would take them apart. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? [];
  return words.slice(2).map((word) => word.replaceAll(/^['"]|['"]$/g, ''));
}

async function run(args: readonly string[]): Promise<{ readonly code: number; readonly err: string }> {
  const terminal = createRecordingTerminal();
  let nowMs = NOON;
  const clock: Clock = {
    now: () => nowMs,
    elapsed: () => nowMs,
    after(delayMs, then) {
      nowMs += delayMs;
      setImmediate(then);
      return () => {};
    },
  };
  const env = { KUBECONFIG: join(directory, 'config') };
  const code = await runPlugin({ args, env, terminal, clock, readInput: () => Promise.resolve('') });
  return { code, err: terminal.errLines.join('\n') };
}

describe('a promised command line', () => {
  it.each(PROMISED)('%s works as printed', async (line) => {
    expect(await run(wordsOf(line))).toEqual({ code: 0, err: '' });
  });
});

const DOCUMENTS = ['README.md', ...readdirSync(new URL('docs/', ROOT)).map((name) => `docs/${name}`)];
const DOCUMENTED = DOCUMENTS.filter((name) => name.endsWith('.md')).flatMap((name) =>
  commandLines(readFileSync(new URL(name, ROOT), 'utf8'))
    // In a sentence: no command line, but its name.
    .filter((line) => wordsOf(line).length > 0 && !line.includes(' with '))
    .map((line) => [name, line] as const),
);

describe('a documented command line', () => {
  it('is found', () => {
    expect(DOCUMENTED.length).toBeGreaterThan(30);
  });

  it.each(DOCUMENTED)('of %s is understood: %s', async (_name, line) => {
    const args = wordsOf(line)
      .filter((word) => word !== '--registry')
      .map((word) => word.replace('http://localhost:8081', cluster.url));
    const { code, err } = await run(args);
    // Whether the request or the workload is there is not what is asked here.
    expect({ usage: code === 2, err }).toEqual({ usage: false, err });
  });
});
