import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { eventually } from '../parts/eventually.ts';
import { startKubectl, type Kubectl } from '../parts/kubectl.ts';
import { metricOf, openWorld, requestsWhen, workloadOf, type World } from '../parts/world.ts';
import {
  artifactOf,
  bugsIn,
  decide,
  knownTo,
  requestsFor,
  tell,
  theRequestFor,
  workloadViews,
} from '../parts/workload-views.ts';

const Events = z.object({
  items: z.array(
    z.object({
      type: z.string(),
      reason: z.string(),
      message: z.string(),
      involvedObject: z.object({ kind: z.string(), name: z.string() }),
    }),
  ),
});
type Events = z.infer<typeof Events>['items'];

let world: World;
let kubectl: Kubectl;

beforeAll(async () => {
  const facts = inject('controlPlane');
  kubectl = await startKubectl(facts.admin.kubeconfigPath);
  world = await openWorld(facts, { narrow: true });
});
afterAll(async () => {
  await world.close();
  await kubectl.close();
});

async function createDeployment(name: string, annotations: Record<string, string> = {}): Promise<void> {
  const images = { app: `${world.registry.host}/${name}:1.0.0` };
  await world.create('deployments', workloadOf('Deployment', { name, images, annotations }));
  await knownTo(world, name);
}

async function annotate(name: string, annotations: Record<string, string | null>): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments/${name}`;
  await world.api.expectOk('PATCH', path, { metadata: { annotations } }, 'application/merge-patch+json');
}

const push = (repository: string, tag: string): Promise<unknown> =>
  world.registry.pushImage({ repository, tag });

/** The Events about one object, once they are as `check` wants them. */
async function eventsWhen(kind: string, name: string, check: (events: Events) => boolean): Promise<Events> {
  return eventually(
    async () => {
      const all = await world.api.expectOk('GET', `/api/v1/namespaces/${world.namespace}/events`);
      const ours = Events.parse(all).items.filter(
        ({ involvedObject }) => involvedObject.kind === kind && involvedObject.name === name,
      );
      if (check(ours)) return ours;
      throw new Error(JSON.stringify(ours.map(({ reason, message }) => [reason, message])));
    },
    { what: `the Events of ${kind} ${name}` },
  );
}

describe('what kubectl shows of an update', () => {
  it('a fresh request is Pending at once, without a second write, and says what it is about', async () => {
    await createDeployment('shown');
    await push('shown', '1.1.0');
    const { metadata } = await theRequestFor(world, 'shown');
    const table = await kubectl.run('get', 'ur', '-n', world.namespace);
    const [header, ...rows] = table.trim().split('\n');
    expect(header).toContain('PHASE');
    const row = rows.find((line) => line.startsWith(metadata.name));
    expect(row).toContain('Pending');
    expect(row).toContain('shown');
    const jsonpath = 'jsonpath={.status.phase} {.metadata.managedFields[*].operation}';
    const stored = await kubectl.run('get', 'upd', metadata.name, '-n', world.namespace, '-o', jsonpath);
    expect(stored).toBe('Pending Update');
  });

  it('Events at the workload and at the request tell each step', async () => {
    const { metadata, spec } = await theRequestFor(world, 'shown');
    expect((await decide(world, 'approve', metadata.name, { approver: 'alice' })).status).toBe(200);
    const has = (...reasons: readonly string[]): ((events: Events) => boolean) => {
      return (events) => reasons.every((reason) => events.some((event) => event.reason === reason));
    };
    const atRequest = await eventsWhen(
      'UpdateRequest',
      metadata.name,
      has('UpdateRequestCreated', 'UpdateApproved', 'UpdateApplied'),
    );
    expect(new Set(atRequest.map(({ type }) => type))).toEqual(new Set(['Normal']));
    expect(atRequest.find(({ reason }) => reason === 'UpdateApproved')?.message).toContain('alice');
    const atWorkload = await eventsWhen('Deployment', 'shown', has('UpdateRequestCreated', 'UpdateApplied'));
    expect(atWorkload.find(({ reason }) => reason === 'UpdateRequestCreated')?.message).toBe(
      `Container app: ${spec.currentImage} -> ${spec.newImage} (${metadata.name})`,
    );
    expect(await kubectl.run('describe', 'deployment', 'shown', '-n', world.namespace)).toContain(
      'UpdateApplied',
    );
  });

  it('a decision that was written past Headwind is an Event and counts, as any other', async () => {
    await createDeployment('by-hand');
    await push('by-hand', '1.1.0');
    const { metadata } = await theRequestFor(world, 'by-hand');
    const before = await metricOf(world.headwind(), 'headwind_updates_rejected_total');
    const path = `/apis/headwind.sh/v1alpha1/namespaces/${world.namespace}/updaterequests/${metadata.name}/status`;
    const status = { phase: 'Rejected', rejectedBy: 'dana' };
    await world.api.expectOk('PATCH', path, { status }, 'application/merge-patch+json');
    const events = await eventsWhen('UpdateRequest', metadata.name, (all) =>
      all.some(({ reason }) => reason === 'UpdateRejected'),
    );
    expect(events.find(({ reason }) => reason === 'UpdateRejected')?.message).toContain('Rejected by dana');
    expect(await metricOf(world.headwind(), 'headwind_updates_rejected_total')).toBe(before + 1);
  });

  it('an invalid annotation is a Warning Event and a blocker that name key and value, until it is mended', async () => {
    await createDeployment('mistaken', { policy: 'minro', 'min-update-interval': 'soon' });
    const named = [/headwind\.sh\/policy: "minro"/, /headwind\.sh\/min-update-interval: "soon"/];
    const [event] = await eventsWhen('Deployment', 'mistaken', (events) =>
      events.some(({ reason }) => reason === 'InvalidAnnotation'),
    );
    expect(event?.type).toBe('Warning');
    for (const pattern of named) expect(event?.message).toMatch(pattern);
    const { blockers } = await artifactOf(world, 'mistaken');
    expect(blockers.map(({ code }) => code)).toEqual(['invalid-annotation']);
    for (const pattern of named) expect(blockers[0]?.message).toMatch(pattern);
    await push('mistaken', '1.1.0');
    const told = await tell(world, `${world.registry.host}/mistaken`, '1.1.0');
    expect(told).toMatchObject({ status: 200, body: { matched: 1, created: 0 } });

    await annotate('mistaken', { 'headwind.sh/policy': 'minor', 'headwind.sh/min-update-interval': null });
    await eventually(
      async () => {
        const again = await tell(world, `${world.registry.host}/mistaken`, '1.1.0');
        return z.object({ created: z.number() }).parse(again.body).created === 1;
      },
      { what: 'the mended workload is proposed an update' },
    );
    await theRequestFor(world, 'mistaken', { phase: 'Pending' });
    const after = (await artifactOf(world, 'mistaken')).blockers;
    expect(after.map(({ code }) => code)).toEqual(['awaiting-approval']);
  });
});

describe('HEADWIND_NAMESPACES', () => {
  it('narrows: workloads of other namespaces are neither seen nor proposed anything', async () => {
    const elsewhere = `${world.namespace}-elsewhere`;
    await world.api.expectOk('POST', '/api/v1/namespaces', { metadata: { name: elsewhere } });
    const images = { app: `${world.registry.host}/both:1.0.0` };
    const object = workloadOf('Deployment', { name: 'both', images });
    await world.api.expectOk('POST', `/apis/apps/v1/namespaces/${elsewhere}/deployments`, object);
    await createDeployment('both');
    await push('both', '1.1.0');
    await theRequestFor(world, 'both');
    const told = await tell(world, `${world.registry.host}/both`, '1.1.0');
    expect(told).toMatchObject({ status: 200, body: { matched: 1 } });
    expect(await workloadViews(world, elsewhere)).toEqual([]);
    const path = `/apis/headwind.sh/v1alpha1/namespaces/${elsewhere}/updaterequests`;
    expect(await world.api.expectOk('GET', path)).toMatchObject({ items: [] });
    await world.api.request('DELETE', `/api/v1/namespaces/${elsewhere}`);
  });
});

describe('HEADWIND_REQUEST_EXPIRY', () => {
  beforeAll(async () => {
    await world.restart({ HEADWIND_REQUEST_EXPIRY: '2s' });
  });

  it('a request that nobody approves expires, can neither be approved nor rejected then, and a new push asks anew', async () => {
    await createDeployment('late');
    await push('late', '1.1.0');
    const { metadata, spec } = await theRequestFor(world, 'late', { phase: 'Pending' });
    const lifetimeMs = Date.parse(spec.expiresAt ?? '') - Date.parse(metadata.creationTimestamp);
    expect(lifetimeMs).toBeGreaterThanOrEqual(1000);
    expect(lifetimeMs).toBeLessThanOrEqual(3000);
    const expired = await theRequestFor(world, 'late', { phase: 'Expired' });
    expect(expired.status.message).toContain(spec.expiresAt ?? '');
    for (const verb of ['approve', 'reject'] as const) {
      const answer = await decide(world, verb, metadata.name);
      expect(answer).toMatchObject({ status: 409, body: { current_phase: 'Expired', code: 'HW_CONFLICT' } });
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
    await eventsWhen('UpdateRequest', metadata.name, (events) =>
      events.some(({ reason }) => reason === 'UpdateExpired'),
    );
    expect(await world.images('deployments', 'late')).toEqual({ app: `${world.registry.host}/late:1.0.0` });

    await push('late', '1.1.0');
    const requests = await requestsWhen(
      world,
      'a second request',
      (all) => requestsFor(all, 'late').length === 2,
    );
    expect(new Set(requestsFor(requests, 'late').map(({ spec }) => spec.newImage)).size).toBe(1);
  });
});

describe('HEADWIND_REQUEST_RETENTION and HEADWIND_REQUEST_RETENTION_COUNT', () => {
  const unattended = { 'require-approval': 'false', 'min-update-interval': '0' };

  /** Pushes 1.0.1 and so on, each after the one before has been applied. */
  async function update(name: string, patches: readonly number[]): Promise<void> {
    for (const patch of patches) {
      await push(name, `1.0.${patch}`);
      const image = `${world.registry.host}/${name}:1.0.${patch}`;
      await eventually(async () => (await world.images('deployments', name))['app'] === image, {
        what: `${name} runs ${image}`,
      });
    }
  }

  it('finished requests that are old go, but the last ones, open ones, and what was rejected stay', async () => {
    await world.restart({ HEADWIND_REQUEST_RETENTION: '7d', HEADWIND_REQUEST_RETENTION_COUNT: '2' });
    await createDeployment('busy', unattended);
    await createDeployment('refused');
    await createDeployment('open');
    await update('busy', [1, 2, 3, 4, 5]);
    for (const tag of ['1.1.0', '1.2.0', '1.3.0']) {
      await push('refused', tag);
      const image = `${world.registry.host}/refused:${tag}`;
      const requests = await requestsWhen(world, `a request for ${image}`, (all) =>
        all.some(({ spec }) => spec.newImage === image),
      );
      const name = requests.find(({ spec }) => spec.newImage === image)?.metadata.name ?? '';
      expect((await decide(world, 'reject', name, { reason: 'no' })).status).toBe(200);
    }
    await push('open', '1.1.0');
    await theRequestFor(world, 'open', { phase: 'Pending' });
    expect(requestsFor(await world.requests(), 'busy')).toHaveLength(5);

    await world.restart({ HEADWIND_REQUEST_RETENTION: '1s', HEADWIND_REQUEST_RETENTION_COUNT: '2' });
    const kept = await requestsWhen(
      world,
      'only the last two finished requests are left',
      (all) => requestsFor(all, 'busy').length === 2,
    );
    const tags = requestsFor(kept, 'busy').map(({ spec }) => spec.newImage.split(':').at(-1));
    expect(new Set(tags)).toEqual(new Set(['1.0.4', '1.0.5']));

    await world.restart({ HEADWIND_REQUEST_RETENTION: '1s', HEADWIND_REQUEST_RETENTION_COUNT: '0' });
    const left = await requestsWhen(
      world,
      'no finished request is left',
      (all) => requestsFor(all, 'busy').length === 0,
    );
    expect(requestsFor(left, 'refused').map(({ status }) => status.phase)).toEqual([
      'Rejected',
      'Rejected',
      'Rejected',
    ]);
    expect(requestsFor(left, 'open').map(({ status }) => status.phase)).toEqual(['Pending']);
    // And it is still a no.
    await push('refused', '1.3.0');
    await eventually(
      async () => (await artifactOf(world, 'refused')).blockers.some(({ code }) => code === 'held'),
      { what: 'the refused version is held' },
    );
    expect(bugsIn(world)).toEqual([]);
  });
});
