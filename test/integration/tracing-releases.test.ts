import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TRACEPARENT_ANNOTATION } from '../../src/core/request-trace.ts';
import { startChartRepository, type ChartRepository } from '../parts/chart-repository.ts';
import { accessControlPlane } from '../parts/control-plane-access.ts';
import { eventually } from '../parts/eventually.ts';
import { installFluxCrds } from '../parts/flux-crds.ts';
import { startOtlpEndpoint, type OtlpEndpoint } from '../parts/otlp-endpoint.ts';
import type { TakenSpan } from '../parts/otlp-reading.ts';
import { pushChart } from '../parts/push-image.ts';
import { DIRECT, releasesOf, type Releases } from '../parts/releases.ts';
import { bugsIn, theRequestFor } from '../parts/workload-views.ts';
import { openWorld, type World } from '../parts/world.ts';

const VERIFIED = { policy: 'minor', ...DIRECT, 'auto-rollback': 'true', 'health-check-retries': '1' };

let endpoint: OtlpEndpoint;
let world: World;
let releases: Releases;
let charts: ChartRepository;
let turn = 0;

beforeAll(async () => {
  const facts = inject('controlPlane');
  await installFluxCrds(accessControlPlane(facts));
  charts = await startChartRepository();
  endpoint = await startOtlpEndpoint();
  const env = {
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  };
  world = await openWorld(facts, { env, narrow: true });
  releases = releasesOf(world);
  const oci = { type: 'oci', url: `oci://${world.registry.host}/charts`, insecure: true };
  await releases.create('HelmRepository', 'oci', oci);
  await releases.create('HelmRepository', 'http', { url: charts.url });
});
afterAll(async () => {
  await world.close();
  await charts.stop();
  await endpoint.goAway();
});

/** What Flux writes when it has tried the version that is set. */
async function flux(name: string, attempted: string, ready: 'True' | 'False' = 'True'): Promise<void> {
  const observedGeneration = await releases.generation(name);
  const reason = ready === 'True' ? 'UpgradeSucceeded' : 'UpgradeFailed';
  await releases.patchStatus(name, {
    observedGeneration,
    lastAttemptedRevision: attempted,
    history: [{ chartName: name, chartVersion: ready === 'True' ? attempted : '1.0.0', status: 'deployed' }],
    conditions: [{ type: 'Ready', status: ready, reason, message: reason, observedGeneration }],
  });
}

/** A release whose chart is found in a repository, and runs 1.0.0 well. */
async function aRunning(name: string, from: 'oci' | 'http'): Promise<void> {
  if (from === 'http') charts.offer(name, ['1.0.0']);
  else await pushChart({ url: world.registry.url, repository: `charts/${name}`, tag: '1.0.0' });
  await releases.release(name, { chart: name, version: '1.0.0', from }, VERIFIED);
  await flux(name, '1.0.0');
  await releases.blocked(name, 'up-to-date');
}

/** The spans of the trace that the release's request carries, once these are among them. */
async function storyOf(release: string, ends: readonly string[]): Promise<readonly TakenSpan[]> {
  const all = (await world.requests()).filter(({ spec }) => spec.targetRef.name === release);
  const first = all.find(({ spec }) => spec.rollback !== true) ?? (await theRequestFor(world, release));
  const traceId = first.metadata.annotations?.[TRACEPARENT_ANNOTATION]?.split('-')[1] ?? 'none';
  return eventually(
    async () => {
      const story = endpoint.spans.filter((span) => span.traceId === traceId);
      const names = story.map(({ name }) => name);
      if (ends.every((end) => names.includes(end))) return story;
      throw new Error(`so far ${names.join(', ')}`);
    },
    { what: `the trace of ${release} has come to ${ends.join(', ')}`, timeoutMs: 60_000 },
  );
}

function only(story: readonly TakenSpan[], name: string): TakenSpan {
  const [found, ...more] = story.filter((span) => span.name === name);
  if (found === undefined || more.length > 0)
    throw new Error(`${more.length} more than one ${name} in ${story.map((span) => span.name).join(', ')}`);
  return found;
}

function callsBelow(story: readonly TakenSpan[], parent: TakenSpan): readonly string[] {
  return story
    .filter((span) => span.parentSpanId === parent.spanId && span.kind === 3)
    .map(({ name, attributes }) => `${name} ${String(attributes['http.response.status_code'])}`);
}

/** What is told of the release alike, wherever its version came from. */
function expectSteps(story: readonly TakenSpan[], release: string): void {
  const propose = only(story, 'propose');
  const about = {
    'k8s.namespace.name': world.namespace,
    'headwind.workload.kind': 'HelmRelease',
    'headwind.workload.name': release,
    'headwind.chart': release,
  };
  for (const name of ['propose', 'apply', 'verify'])
    expect(only(story, name).attributes).toMatchObject(about);
  for (const name of ['confirm', 'apply', 'verify'])
    expect(only(story, name).parentSpanId).toBe(propose.spanId);
  expect(propose.attributes['headwind.outcome']).toBe('created');
  expect(only(story, 'apply').attributes['headwind.chart.version']).toBe(`${release}:1.1.0`);
  expect(callsBelow(story, only(story, 'apply'))).toEqual(['PATCH 200']);
  expect(only(story, 'verify')).toMatchObject({ status: 0, attributes: { 'headwind.outcome': 'Healthy' } });
}

describe('one trace of a release', () => {
  it('tells the whole story of a chart, from the webhook of its push until Flux has installed it', async () => {
    await aRunning('pushed', 'oci');
    await pushChart({ url: world.registry.url, repository: 'charts/pushed', tag: '1.1.0' });
    await releases.hasVersion('pushed', '1.1.0');
    await flux('pushed', '1.1.0');
    const story = await storyOf('pushed', ['verify', 'POST /webhook/registry']);

    const webhook = only(story, 'POST /webhook/registry');
    const signal = only(story, 'signal');
    expect(webhook.parentSpanId).toBe('');
    expect(signal.parentSpanId).toBe(webhook.spanId);
    expect(only(story, 'propose').parentSpanId).toBe(signal.spanId);
    expectSteps(story, 'pushed');
    expect(callsBelow(story, only(story, 'confirm'))).toContain('HEAD 200');
  });

  it('begins with the look at the repository where no webhook tells of it', async () => {
    await aRunning('found', 'http');
    charts.offer('found', ['1.0.0', '1.1.0']);
    turn += 1;
    await releases.look('http', turn);
    await releases.hasVersion('found', '1.1.0');
    await flux('found', '1.1.0');
    const story = await storyOf('found', ['verify', 'discovery']);

    const discovery = only(story, 'discovery');
    expect(discovery.parentSpanId).toBe('');
    expect(discovery.attributes).toMatchObject({
      'headwind.chart.source': `HelmRepository/${world.namespace}/http`,
      'headwind.charts': 1,
    });
    expect(callsBelow(story, discovery)).toContain('GET 200');
    expect(only(story, 'propose').parentSpanId).toBe(discovery.spanId);
    expectSteps(story, 'found');
  });

  it('tells of a version that Flux cannot install, and of the way back', async () => {
    await aRunning('shaky', 'oci');
    await pushChart({ url: world.registry.url, repository: 'charts/shaky', tag: '1.1.0' });
    await releases.hasVersion('shaky', '1.1.0');
    await flux('shaky', '1.1.0', 'False');
    await releases.hasVersion('shaky', '1.0.0', 60_000);
    const story = await eventually(
      async () => {
        const told = await storyOf('shaky', ['verify']);
        return told.filter(({ name }) => name === 'apply').length === 2 ? told : undefined;
      },
      { what: 'the trace tells of both', timeoutMs: 30_000 },
    );

    const rollbacks = story
      .filter(({ name }) => name === 'apply')
      .map(({ attributes }) => attributes['headwind.rollback']);
    expect(rollbacks).toEqual([false, true]);
    expect(only(story, 'verify')).toMatchObject({ status: 2, attributes: { 'error.type': 'RollingBack' } });
  });

  it('says that a look failed', async () => {
    await aRunning('lost', 'http');
    await charts.stop();
    turn += 1;
    await releases.look('http', turn);
    await eventually(
      () =>
        endpoint.spans.some(
          ({ name, status, attributes }) =>
            name === 'discovery' && status === 2 && attributes['error.type'] === 'unavailable',
        ),
      { what: 'a failed look is told of', timeoutMs: 30_000 },
    );
    expect(bugsIn(world)).toEqual([]);
  });
});
