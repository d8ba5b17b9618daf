import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TRACEPARENT_ANNOTATION } from '../../src/core/request-trace.ts';
import { eventually } from '../parts/eventually.ts';
import { startHandKubelet, type HandKubelet } from '../parts/hand-kubelet.ts';
import { startOtlpEndpoint, type OtlpEndpoint } from '../parts/otlp-endpoint.ts';
import type { TakenSpan } from '../parts/otlp-reading.ts';
import { bugsIn, knownTo, theRequestFor } from '../parts/workload-views.ts';
import { metricOf, openWorld, post, requestsWhen, workloadOf, type World } from '../parts/world.ts';

const OFTEN = { OTEL_BSP_SCHEDULE_DELAY: '100' };
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const CALLER = `00-${TRACE_ID}-b7ad6b7169203331-01`;

let endpoint: OtlpEndpoint;
let world: World;
let kubelet: HandKubelet;

beforeAll(async () => {
  endpoint = await startOtlpEndpoint();
  const env = {
    ...OFTEN,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=open-sesame',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  };
  world = await openWorld(inject('controlPlane'), { env, narrow: true });
  kubelet = startHandKubelet(world.api, world.namespace);
});
afterAll(async () => {
  await kubelet.stop();
  await world.close();
  await endpoint.goAway();
});

/** A Deployment at 1.0.0, known to Headwind. */
async function aDeployment(name: string, annotations: Record<string, string>, replicas = 0): Promise<void> {
  const images = { app: `${world.registry.host}/${name}:1.0.0` };
  await world.create('deployments', workloadOf('Deployment', { name, images, annotations, replicas }));
  await knownTo(world, name);
}

/** The spans of the trace that a workload's first request carries, once a span of this name is among them. */
async function storyOf(workload: string, last: string, outcome?: string): Promise<readonly TakenSpan[]> {
  const request = await theRequestFor(world, workload);
  const traceId = request.metadata.annotations?.[TRACEPARENT_ANNOTATION]?.split('-')[1] ?? 'none';
  return eventually(
    async () => {
      const story = endpoint.spans.filter((span) => span.traceId === traceId);
      const isEnd = (span: TakenSpan): boolean =>
        span.name === last && (outcome === undefined || span.attributes['headwind.outcome'] === outcome);
      if (story.some(isEnd)) return story;
      throw new Error(`so far ${story.map(({ name }) => name).join(', ')}`);
    },
    { what: `the trace of ${workload} has come to ${last}`, timeoutMs: 60_000 },
  );
}

function only(story: readonly TakenSpan[], name: string): TakenSpan {
  const [found, ...more] = story.filter((span) => span.name === name);
  if (found === undefined || more.length > 0)
    throw new Error(`${more.length} more than one ${name} in ${story.map((span) => span.name).join(', ')}`);
  return found;
}

/** Whoever sees to the pods writes the workload's status at any moment: then a patch conflicts, and is made again. */
function cameThrough({ attributes }: TakenSpan): boolean {
  return attributes['headwind.outcome'] !== 'conflict';
}

describe('one trace', () => {
  it('tells the whole story of an update, from the webhook to a healthy rollout', async () => {
    const annotations = { 'require-approval': 'false', 'min-update-interval': '0', 'auto-rollback': 'true' };
    await aDeployment('whole', annotations, 1);
    await world.registry.pushImage({ repository: 'whole', tag: '1.1.0' });
    const story = await storyOf('whole', 'verify');

    const webhook = only(story, 'POST /webhook/registry');
    const signal = only(story, 'signal');
    const propose = only(story, 'propose');
    const confirm = only(story, 'confirm');
    const apply = only(story.filter(cameThrough), 'apply');
    const verify = only(story, 'verify');
    const parents = new Map(story.map((span) => [span.spanId, span.parentSpanId]));
    expect(parents.get(webhook.spanId)).toBe('');
    expect(parents.get(signal.spanId)).toBe(webhook.spanId);
    expect(parents.get(propose.spanId)).toBe(signal.spanId);
    expect(parents.get(confirm.spanId)).toBe(propose.spanId);
    expect(parents.get(apply.spanId)).toBe(propose.spanId);
    expect(parents.get(verify.spanId)).toBe(propose.spanId);

    const about = {
      'k8s.namespace.name': world.namespace,
      'k8s.deployment.name': 'whole',
      'k8s.container.name': 'app',
      'container.image.name': `${world.registry.host}/whole`,
      'container.image.tags': ['1.1.0'],
    };
    for (const span of [propose, apply, verify]) expect(span.attributes).toMatchObject(about);
    expect(webhook).toMatchObject({
      kind: 2,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/webhook/registry',
        'http.response.status_code': 200,
      },
    });
    expect(propose.attributes['headwind.outcome']).toBe('created');
    expect(verify.attributes['headwind.outcome']).toBe('Healthy');
    const clients = (parent: TakenSpan): readonly unknown[] =>
      story
        .filter((span) => span.parentSpanId === parent.spanId && span.kind === 3)
        .map(({ name, attributes }) => `${name} ${String(attributes['http.response.status_code'])}`);
    expect(clients(confirm)).toContain('HEAD 200');
    expect(clients(propose)).toContain('POST 201');
    expect(clients(apply)).toEqual(['PATCH 200']);
    expect(webhook.resource).toMatchObject({
      'service.name': 'headwind',
      'service.version': expect.stringMatching(/^\d/),
      'deployment.environment.name': 'test',
    });
    expect(endpoint.exports[0]).toMatchObject({ path: '/v1/traces', headers: { 'api-key': 'open-sesame' } });
  });

  it('tells of a version that fails, and of the way back', async () => {
    const annotations = {
      'require-approval': 'false',
      'min-update-interval': '0',
      'auto-rollback': 'true',
      'health-check-retries': '1',
    };
    kubelet.behave('6.6.6', 'crashes');
    await aDeployment('broken', { ...annotations, policy: 'all' }, 1);
    await world.registry.pushImage({ repository: 'broken', tag: '6.6.6' });
    await requestsWhen(
      world,
      'it is rolled back',
      (all) => all.some(({ status }) => status.phase === 'RolledBack'),
      60_000,
    );
    const request = (await world.requests()).find(
      ({ spec, status }) => spec.targetRef.name === 'broken' && status.phase === 'RolledBack',
    );
    const traceId = request?.metadata.annotations?.[TRACEPARENT_ANNOTATION]?.split('-')[1];
    await eventually(
      async () => {
        const story = endpoint.spans.filter((span) => span.traceId === traceId);
        const applied = story.filter((span) => span.name === 'apply' && cameThrough(span));
        expect(applied.map(({ attributes }) => attributes['headwind.rollback'])).toEqual([false, true]);
        expect(story.find(({ name }) => name === 'verify')).toMatchObject({
          status: 2,
          attributes: { 'error.type': 'RollingBack' },
        });
        return true;
      },
      { what: 'the trace tells of both', timeoutMs: 30_000 },
    );
  });

  it('goes on when somebody approves after a restart, tied to the trace of whoever did', async () => {
    await aDeployment('later', {});
    await world.registry.pushImage({ repository: 'later', tag: '1.1.0' });
    const { metadata } = await theRequestFor(world, 'later');
    await world.restart();
    await knownTo(world, 'later');
    const path = `/api/v1/updates/${world.namespace}/${metadata.name}/approve`;
    const answer = await fetch(`${world.headwind().urls.api}${path}?token=hunter2`, {
      method: 'POST',
      headers: { traceparent: CALLER, authorization: 'Bearer hunter2', 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.status).toBe(200);
    const story = await storyOf('later', 'apply');
    only(story, 'POST /webhook/registry');
    const approve = only(story, 'approve');

    const call = await eventually(
      async () =>
        only(
          endpoint.spans.filter(({ traceId }) => traceId === TRACE_ID),
          'POST /api/v1/updates/:namespace/:name/approve',
        ),
      { what: 'the call is told of' },
    );
    expect(call.parentSpanId).toBe('b7ad6b7169203331');
    expect(call.links.map(({ traceId }) => traceId)).toEqual([approve.traceId]);
    expect(approve.links).toEqual([{ traceId: TRACE_ID, spanId: call.spanId }]);
    expect(JSON.stringify(endpoint.spans)).not.toContain('hunter2');
    expect(bugsIn(world)).toEqual([]);
  });

  it('is named in the log', async () => {
    const request = await theRequestFor(world, 'later');
    const traceId = request.metadata.annotations?.[TRACEPARENT_ANNOTATION]?.split('-')[1];
    const messages = world
      .headwind()
      .logs()
      .filter(({ fields }) => fields['trace_id'] === traceId)
      .map(({ fields }) => fields.message);
    expect(messages).toContain('update request moved on');
  });

  it('begins with a poll, where no webhook came', async () => {
    await aDeployment('polled', { 'event-source': 'polling', 'polling-interval': '1' });
    await world.registry.pushImage({ repository: 'polled', tag: '1.1.0' });
    await world.restart({ HEADWIND_POLLING_ENABLED: 'true' });
    const story = await storyOf('polled', 'poll');
    expect(only(story, 'propose').parentSpanId).toBe(only(story, 'poll').spanId);
    expect(only(story, 'poll').parentSpanId).toBe('');
  });
});

describe('the way to the collector', () => {
  it('may be protobuf, compressed, and is the last thing that SIGTERM waits for', async () => {
    const before = endpoint.names.length;
    await world.restart({
      HEADWIND_POLLING_ENABLED: 'false',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      // Nothing is exported before the end.
      OTEL_BSP_SCHEDULE_DELAY: '600000',
    });
    await fetch(`${world.headwind().urls.api}/api/v1/updates`);
    expect(endpoint.names.length).toBe(before);
    const stopped = await world.headwind().stop();
    expect(stopped.code).toBe(0);
    expect(endpoint.names.slice(before)).toContain('GET /api/v1/updates');
    expect(endpoint.exports.at(-1)).toMatchObject({
      contentType: 'application/x-protobuf',
      headers: { 'content-encoding': 'gzip' },
    });
  });

  it('may be broken: nothing else suffers, and one line says so', async () => {
    await endpoint.goAway();
    await world.restart({ OTEL_EXPORTER_OTLP_TIMEOUT: '500' });
    await aDeployment('alone', { 'require-approval': 'false', 'min-update-interval': '0' });
    await world.registry.pushImage({ repository: 'alone', tag: '1.1.0' });
    await requestsWhen(world, 'it is applied', (all) =>
      all.some(({ spec, status }) => spec.targetRef.name === 'alone' && status.phase === 'Completed'),
    );
    const about = (): readonly string[] =>
      world
        .headwind()
        .logs()
        .filter(({ target }) => target === 'headwind::tracing')
        .map(({ level, fields }) => `${level} ${fields.message}`);
    await eventually(async () => about().includes('WARN traces cannot be exported'), {
      what: 'the log says so',
      timeoutMs: 30_000,
    });
    for (let calls = 0; calls < 5; calls += 1) await fetch(`${world.headwind().urls.api}/api/v1/updates`);
    expect(await metricOf(world.headwind(), 'headwind_trace_spans_lost_total')).toBeGreaterThan(0);
    await endpoint.comeBack();
    await eventually(
      async () => {
        await fetch(`${world.headwind().urls.api}/api/v1/updates`);
        return about().at(-1) === 'INFO traces are exported again';
      },
      { what: 'the log says that it works again', timeoutMs: 30_000 },
    );
    expect(about().filter((line) => line.startsWith('WARN'))).toHaveLength(1);
    expect(bugsIn(world)).toEqual([]);
  });

  it('may hang: the end does not wait for it for long', async () => {
    endpoint.hangs = true;
    await world.restart({ OTEL_BSP_SCHEDULE_DELAY: '600000' });
    await fetch(`${world.headwind().urls.api}/api/v1/updates`);
    const startedMs = performance.now();
    expect((await world.headwind().stop()).code).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(12_000);
    endpoint.hangs = false;
  });
});

describe('without it', () => {
  it.each([
    ['no variable is set', {}],
    ['the SDK is disabled', { OTEL_SDK_DISABLED: 'true' }],
    ['no exporter is wanted', { OTEL_TRACES_EXPORTER: 'none' }],
    ['the protocol is one that is not spoken', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }],
  ])('nobody is connected to, no request carries a trace, and no line names one: %s', async (why, env) => {
    const address = why === 'no variable is set' ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.url };
    const off = { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_EXPORTER_OTLP_PROTOCOL: '', ...address, ...env };
    await world.restart(off);
    const before = endpoint.connections;
    const name = why.replaceAll(/[^a-z]/gi, '-').toLowerCase();
    await aDeployment(name, {});
    await world.registry.pushImage({ repository: name, tag: '1.1.0' });
    const request = await theRequestFor(world, name);
    expect(request.metadata.annotations).not.toHaveProperty([TRACEPARENT_ANNOTATION]);
    const answer = await post(
      `${world.headwind().urls.api}/api/v1/updates/${world.namespace}/${request.metadata.name}/approve`,
      {},
    );
    expect(answer.status).toBe(200);
    const exit = await world.headwind().stop();
    expect(exit.code).toBe(0);
    expect(endpoint.connections).toBe(before);
    expect(world.headwind().output().join('\n')).not.toContain('trace_id');
  });
});
