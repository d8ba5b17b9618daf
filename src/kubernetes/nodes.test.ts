import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createRecordingLog, type RecordingLog } from '../telemetry/recording-log.ts';
import type { ApiCall } from './api-call.ts';
import { KubernetesError } from './errors.ts';
import { createNodes, type Nodes } from './nodes.ts';

const aNode = (name: string, architecture: string, labels: Record<string, string> = {}): unknown => ({
  metadata: {
    name,
    labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': architecture, ...labels },
  },
});

let pages: unknown[];
let asked: ApiCall[];
let clock: FakeClock;
let recorded: RecordingLog;
let nodes: Nodes;

beforeEach(() => {
  pages = [];
  asked = [];
  clock = new FakeClock();
  recorded = createRecordingLog();
  const client = {
    request: async (call: ApiCall) => {
      const page = pages[asked.push(call) - 1];
      if (page instanceof Error) throw page;
      return page;
    },
  };
  nodes = createNodes({ client, clock, log: recorded.target('nodes') });
});

const platformsFor = async (placement?: Parameters<Nodes['platformsFor']>[0]): Promise<string[]> =>
  (await nodes.platformsFor(placement)).map(({ os, architecture }) => `${os}/${architecture}`);

describe('the nodes', () => {
  it('are listed to the last page, and those that a pod may land on are told', async () => {
    pages = [
      { metadata: { continue: 'more' }, items: [aNode('a', 'amd64'), { metadata: {} }] },
      { metadata: {}, items: [aNode('b', 'arm64', { pool: 'small' })] },
    ];
    expect(await platformsFor()).toEqual(['linux/amd64', 'linux/arm64']);
    expect(await platformsFor({ nodeSelector: { pool: 'small' } })).toEqual(['linux/arm64']);
    expect(asked.map(({ query }) => query?.['continue'])).toEqual([undefined, 'more']);
  });

  it('are believed for a minute', async () => {
    pages = [{ items: [aNode('a', 'amd64')] }, { items: [aNode('a', 'amd64'), aNode('b', 'arm64')] }];
    expect(await platformsFor()).toHaveLength(1);
    await clock.advance(59_000);
    expect(await platformsFor()).toHaveLength(1);
    await clock.advance(1000);
    expect(await platformsFor()).toHaveLength(2);
  });

  it.each<[string, unknown[]]>([
    [
      'Headwind may not list them',
      [new KubernetesError({ message: 'forbidden', status: 403, reason: 'Forbidden' })],
    ],
    [
      'the list breaks off',
      [{ metadata: { continue: 'more' }, items: [aNode('a', 'amd64')] }, new Error('reset')],
    ],
    ['it never ends', Array.from({ length: 200 }, () => ({ metadata: { continue: 'more' }, items: [] }))],
  ])('are none, with a warning, where %s', async (_name, answers) => {
    pages = answers;
    expect(await platformsFor()).toEqual([]);
    expect(recorded.entries.map(({ level }) => level)).toEqual(['warn']);
  });

  it('that do not say what they are do not count', async () => {
    pages = [{ items: [{ metadata: { name: 'virtual', labels: { 'kubernetes.io/os': 'linux' } } }] }];
    expect(await platformsFor()).toEqual([]);
  });
});
