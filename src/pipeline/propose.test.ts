import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { aRequest, aWorkload, NOON } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import type { Confirmation } from '../core/decision.ts';
import type { Signal } from '../core/signal.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import type { Workload } from '../core/workload.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { createDecisionLog } from './decision-log.ts';
import { createProposer } from './propose.ts';
import { createRequestStore } from './request-store.ts';

const FOUND: Confirmation = { outcome: 'found', digest: `sha256:${'a'.repeat(64)}` };

const Named = z.object({ metadata: z.object({ name: z.string() }) });

function aSignal(tag: string, path = 'library/nginx', type: Signal['type'] = 'image'): Signal {
  return { source: 'webhook', sender: 'dockerhub', type, repository: { host: 'docker.io', path }, tag };
}

/** A proposer for Deployment shop/web, which runs nginx:1.25.0; `during` happens while the registry is asked. */
function aProposer(
  during: (tag: string) => void = () => undefined,
  unseen?: UpdateRequest,
  workload = aWorkload(),
) {
  const expected: Workload[] = [];
  const created: string[] = [];
  const names: string[] = [];
  const requests = createRequestStore({
    request: ({ method, body, path }) => {
      if (unseen !== undefined) {
        const { namespace, name } = unseen.metadata;
        if (method === 'GET' && path.endsWith(`/${name}`)) return Promise.resolve(unseen);
        const named = Named.parse(body).metadata.name;
        if (method === 'POST' && named === name)
          return Promise.reject(new KubernetesError({ status: 409, message: `${namespace}/${name} exists` }));
      }
      names.push(Named.parse(body).metadata.name);
      const newImage = JSON.stringify(body).match(/"newImage":"([^"]+)"/)?.[1] ?? '';
      if (method === 'POST') created.push(newImage);
      return Promise.resolve(aRequest({ name: `web-${newImage}`, spec: { newImage } }));
    },
  });
  const proposer = createProposer({
    catalog: {
      get: () => workload,
      byRepository: (key) =>
        key === 'docker.io/library/nginx'
          ? workload.artifacts.map((artifact) => ({ workload, artifact }))
          : [],
    },
    requests,
    confirm: ({ tag }) => {
      during(tag);
      return Promise.resolve(FOUND);
    },
    credentialsFor: () => Promise.resolve([]),
    forgetCredentials: () => undefined,
    confirmChart: () => Promise.resolve(FOUND),
    explainCredentials: () => Promise.resolve(''),
    evidence: {
      running: () => Promise.resolve({ digests: [], otherNames: [] }),
      platform: () => Promise.resolve({ fits: 'yes' }),
    },
    decisions: createDecisionLog(),
    verifyMode: 'auto',
    requestExpiryMs: 0,
    clock: new FakeClock(NOON),
    log: createRecordingLog().target('pipeline'),
    onExpected: (one) => expected.push(one),
  });
  return { proposer, requests, created, names, expected };
}

describe('createProposer', () => {
  it('says of each signal what became of it', async () => {
    const { proposer, created } = aProposer();
    const signals = [
      aSignal('1.26.0'),
      aSignal('1.24.0'),
      aSignal('1.0', 'library/redis'),
      aSignal('2', 'x/y', 'chart'),
    ];

    expect(await proposer.accept(signals)).toMatchObject({
      matched: 2,
      created: 1,
      unresolved: 0,
      results: [
        {
          result: 'created',
          message: 'an update is proposed',
          kind: 'Deployment',
          name: 'web',
          artifact: 'web',
        },
        { result: 'stay', message: 'up-to-date: 1.24.0 is older than the running 1.25.0' },
        {
          result: 'unmatched',
          message: 'no workload that Headwind follows uses the image docker.io/library/redis',
        },
        { result: 'unmatched', message: 'no workload that Headwind follows uses the chart docker.io/x/y' },
      ],
    });
    expect(created).toEqual(['nginx:1.26.0']);
  });

  it.each([
    ['a version that comes without approval, before the registry is asked', 'false', '1.26.0', 1],
    ['no version that a person has to approve', 'true', '1.26.0', 0],
    ['no version that is not proposed', 'false', '1.24.0', 0],
  ])('expects a patch of %s', async (_, required, tag, count) => {
    const workload = aWorkload({ annotations: { 'headwind.sh/require-approval': required } });
    const asked: number[] = [];
    const bench = aProposer(() => asked.push(bench.expected.length), undefined, workload);
    await bench.proposer.accept([aSignal(tag)]);

    expect(bench.expected).toEqual(Array.from({ length: count }, () => workload));
    expect(asked).toEqual(tag === '1.26.0' ? [count] : []);
  });

  it('does not propose again what a newer request took the place of while the registry was asked', async () => {
    const older = aRequest({ name: 'older', spec: { newImage: 'nginx:1.26.0' } });
    const newer = aRequest({ name: 'newer', spec: { newImage: 'nginx:1.27.0' } });
    const { proposer, requests, created } = aProposer(() => {
      requests.observe({
        ...older,
        metadata: { ...older.metadata, resourceVersion: '8' },
        status: { phase: 'Superseded' },
      });
      requests.observe(newer);
    });
    requests.observe(older);
    const outcome = await proposer.accept([aSignal('1.26.0')]);

    expect(created).toEqual([]);
    expect(outcome.results).toMatchObject([
      { result: 'stay', message: expect.stringMatching(/^newer-request: /) },
    ]);
  });

  it('respects a no that the watch has not told of yet, nor of the request itself', async () => {
    const first = aProposer();
    await first.proposer.accept([aSignal('1.26.0')]);
    const [name = ''] = first.names;
    const rejected = aRequest({ name, status: { phase: 'Rejected', rejectedBy: 'bob' } });
    const { proposer, created } = aProposer(undefined, rejected);
    const outcome = await proposer.accept([aSignal('1.26.0')]);

    expect(created).toEqual([]);
    expect(outcome.results).toMatchObject([{ result: 'stay', message: expect.stringMatching(/^held: /) }]);
  });

  it.each([
    ['the same, whose digest nobody knew', undefined, { created: [], result: 'known' }],
    ['the same, of the same digest', FOUND.digest, { created: [], result: 'known' }],
    [
      'one of another build under that tag',
      `sha256:${'b'.repeat(64)}`,
      { created: ['nginx:1.26.0'], result: 'created' },
    ],
  ])('knows %s, of which the watch has not told yet', async (_, newDigest, expected) => {
    const first = aProposer();
    await first.proposer.accept([aSignal('1.26.0')]);
    const [name = ''] = first.names;
    const spec = { newImage: 'nginx:1.26.0', ...(newDigest === undefined ? {} : { newDigest }) };
    const { proposer, created } = aProposer(undefined, aRequest({ name, spec }));
    const outcome = await proposer.accept([aSignal('1.26.0')]);

    expect({ created, result: outcome.results[0]?.result }).toEqual(expected);
  });
});
