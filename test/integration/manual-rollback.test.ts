import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { runPlugin } from '../../src/cli/plugin/program.ts';
import { EntriesView, HistoryView, HoldView, RollbackAnswer } from '../../src/http/rollback-shapes.ts';
import { systemClock } from '../../src/system.ts';
import { accessControlPlane } from '../parts/control-plane-access.ts';
import { eventually } from '../parts/eventually.ts';
import { fluxObject, fluxPath, installFluxCrds } from '../parts/flux-crds.ts';
import { applyManifest, readManifests } from '../parts/manifests.ts';
import { pushChart } from '../parts/push-image.ts';
import { createRecordingTerminal } from '../parts/recording-terminal.ts';
import { metricOf, openWorld, workloadOf, type World } from '../parts/world.ts';
import {
  artifactOf,
  ask,
  bugsIn,
  knownTo,
  requestsFor,
  tell,
  theRequestFor,
  workloadViews,
} from '../parts/workload-views.ts';

const KINDS = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const;
type Kind = keyof typeof KINDS;

const UNATTENDED = { 'require-approval': 'false', 'min-update-interval': '0', 'event-source': 'both' };
const Release = z.object({
  spec: z.object({ chart: z.object({ spec: z.object({ version: z.string() }) }) }),
});
const Events = z.object({
  items: z.array(z.object({ reason: z.string(), involvedObject: z.object({ name: z.string() }) })),
});

let world: World;
let api: string;

beforeAll(async () => {
  const facts = inject('controlPlane');
  await installFluxCrds(accessControlPlane(facts));
  world = await openWorld(facts, {
    narrow: true,
    env: { HEADWIND_POLLING_ENABLED: 'true', HEADWIND_POLLING_INTERVAL: '2' },
  });
  api = world.headwind().urls.api;
});
afterAll(async () => world.close());

const image = (name: string, tag: string): string => `${world.registry.host}/${name}:${tag}`;
const rollbackUrl = (name: string): string => `${api}/api/v1/rollback/${world.namespace}/${name}`;

async function runs(kind: Kind, name: string, tag: string, container = 'app'): Promise<void> {
  await eventually(
    async () => {
      const images = await world.images(KINDS[kind], name);
      if (images[container] === image(name, tag)) return true;
      throw new Error(JSON.stringify(images));
    },
    { what: `${kind} ${name} runs ${tag}`, timeoutMs: 30_000, everyMs: 50 },
  );
}

/** A workload that has been given these tags one after the other, the first one when it was made. */
async function updated(kind: Kind, name: string, tags: readonly string[]): Promise<void> {
  const [first = '', ...others] = tags;
  await world.registry.pushImage({ repository: name, tag: first });
  const images = { app: image(name, first) };
  await world.create(KINDS[kind], workloadOf(kind, { name, images, annotations: UNATTENDED }));
  await knownTo(world, name);
  for (const tag of others) {
    await world.registry.pushImage({ repository: name, tag });
    await runs(kind, name, tag);
    // Applied is not yet written down: a rollback at this instant would have nothing to take back.
    await eventually(
      async () =>
        requestsFor(await world.requests(), name).every(({ status }) => status.phase === 'Completed'),
      { what: `the update to ${tag} is Completed` },
    );
  }
}

/** Two polls that have begun after this was called. */
async function polledTwice(): Promise<void> {
  const cycles = (): Promise<number> => metricOf(world.headwind(), 'headwind_polling_cycles_total');
  const before = await cycles();
  const repositories = (await workloadViews(world)).length;
  await eventually(
    async () => {
      const more = (await cycles()) - before;
      if (more < 2 * repositories) throw new Error(`${more} polls`);
      return true;
    },
    { what: 'every repository has been polled again', timeoutMs: 60_000 },
  );
}

async function holdsOf(name: string): Promise<readonly z.infer<typeof HoldView>[]> {
  const answer = await fetch(`${api}/api/v1/holds?namespace=${world.namespace}`);
  return z
    .array(HoldView)
    .parse(await answer.json())
    .filter(({ workload }) => workload === name);
}

async function entriesOf(name: string, query = ''): Promise<readonly string[]> {
  const { entries } = EntriesView.parse(await (await fetch(`${rollbackUrl(name)}${query}`)).json());
  return entries.map((entry) => entry.image.slice(entry.image.lastIndexOf(':') + 1));
}

describe.each<Kind>(['Deployment', 'StatefulSet', 'DaemonSet'])('a %s', (kind) => {
  const name = `kind-${kind.toLowerCase()}`;

  beforeAll(() => updated(kind, name, ['1.0.0', '1.1.0', '1.2.0']));

  it('has a history, newest first, in both shapes', async () => {
    expect(await entriesOf(name)).toEqual(['1.2.0', '1.1.0', '1.0.0']);
    expect(await entriesOf(name, '?container=app')).toEqual(['1.2.0', '1.1.0', '1.0.0']);
    const answer = await fetch(`${rollbackUrl(name)}/history`);
    const { deployment, namespace, kind: told, history } = HistoryView.parse(await answer.json());
    expect([deployment, namespace, told]).toEqual([name, world.namespace, kind]);
    expect(history.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(history[0]).toMatchObject({ approvedBy: 'policy', updateRequestName: expect.any(String) });
  });

  it('is left alone by a dry run, which says what would happen', async () => {
    const before = await world.requests();
    const { status, body } = await ask(rollbackUrl(name), { container: 'app', dryRun: true });
    expect(status).toBe(200);
    expect(RollbackAnswer.parse(body)).toMatchObject({
      dryRun: true,
      image: image(name, '1.1.0'),
      previousImage: image(name, '1.2.0'),
      updateRequest: null,
      takesBack: [expect.stringContaining('1-2-0')],
    });
    expect(await world.requests()).toHaveLength(before.length);
    await runs(kind, name, '1.2.0');
  });

  it('goes back to the previous version by a POST without a body', async () => {
    const manual = await metricOf(world.headwind(), 'headwind_rollbacks_manual_total');
    const total = await metricOf(world.headwind(), 'headwind_rollbacks_total');
    const answer = await fetch(`${rollbackUrl(name)}/app`, { method: 'POST' });
    const body = RollbackAnswer.parse(await answer.json());
    expect(answer.status).toBe(200);
    expect(body).toMatchObject({
      message: 'Rollback successful',
      deployment: name,
      kind,
      rolledBackTo: image(name, '1.1.0'),
      previousImage: image(name, '1.2.0'),
      phase: 'Completed',
    });
    await runs(kind, name, '1.1.0');
    expect(await entriesOf(name)).toEqual(['1.1.0', '1.2.0', '1.1.0', '1.0.0']);
    const requests = requestsFor(await world.requests(), name);
    const undone = requests.find(({ metadata }) => metadata.name === body.takesBack[0]);
    expect(undone?.status.phase).toBe('RolledBack');
    expect(await metricOf(world.headwind(), 'headwind_rollbacks_manual_total')).toBe(manual + 1);
    expect(await metricOf(world.headwind(), 'headwind_rollbacks_total')).toBe(total + 1);
  });

  it('is then held back from that version, against pushes and polls', async () => {
    await world.registry.pushImage({ repository: name, tag: '1.2.0' });
    await polledTwice();
    await runs(kind, name, '1.1.0');
    expect(await holdsOf(name)).toMatchObject([
      {
        kind,
        artifact: 'app',
        image: image(name, '1.2.0'),
        version: '1.2.0',
        why: 'rolled back',
        by: 'unknown',
      },
    ]);
    const told = await tell(world, `${world.registry.host}/${name}`, '1.2.0');
    expect(told.body).toMatchObject({ matched: 1, created: 0 });
    const view = await artifactOf(world, name);
    expect(view.blockers.map(({ code }) => code)).toContain('held');
    expect(view.holds.map(({ version }) => version)).toEqual(['1.2.0']);
  });

  it('goes back to any entry, and every version on the way is held', async () => {
    const { status, body } = await ask(rollbackUrl(name), {
      container: 'app',
      image: '1.0.0',
      user: 'ann',
      reason: 'the whole line is bad',
    });
    expect(status).toBe(200);
    expect(RollbackAnswer.parse(body)).toMatchObject({
      user: 'ann',
      reason: 'the whole line is bad',
      index: 3,
    });
    await runs(kind, name, '1.0.0');
    await polledTwice();
    await runs(kind, name, '1.0.0');
    expect((await holdsOf(name)).map(({ version }) => version).sort()).toEqual(['1.1.0', '1.2.0']);
    expect((await holdsOf(name)).find(({ version }) => version === '1.1.0')).toMatchObject({ by: 'ann' });
  });

  it('is proposed a held version again once the hold is lifted', async () => {
    const hold = (await holdsOf(name)).find(({ version }) => version === '1.2.0');
    const url = `${api}/api/v1/holds/${world.namespace}/${hold?.request ?? ''}`;
    const answer = await fetch(url, { method: 'DELETE' });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ image: image(name, '1.2.0'), user: 'unknown' }),
    ]);
    // No push tells of it: the next poll looks again.
    await runs(kind, name, '1.2.0');
    await eventually(
      async () => {
        const path = `/api/v1/namespaces/${world.namespace}/events`;
        const { items } = Events.parse(await world.api.expectOk('GET', path));
        const released = items.some(
          ({ reason, involvedObject }) => reason === 'HoldReleased' && involvedObject.name === name,
        );
        if (!released) throw new Error('there is no such Event');
        return true;
      },
      { what: 'an Event tells that the hold was lifted' },
    );
    await eventually(async () => (await holdsOf(name)).length === 0, {
      what: 'nothing below what runs now is held',
    });
  });

  it('is proposed the next version after a rollback', async () => {
    expect((await fetch(`${rollbackUrl(name)}/app`, { method: 'POST' })).status).toBe(200);
    await runs(kind, name, '1.0.0');
    await world.registry.pushImage({ repository: name, tag: '1.3.0' });
    await runs(kind, name, '1.3.0');
    await eventually(async () => (await holdsOf(name)).length === 0, {
      what: 'no hold matters any more, since a newer version runs',
    });
  });

  it('has every action in the audit log', () => {
    const audited = world
      .headwind()
      .logs()
      .filter(({ target, fields }) => target === 'headwind::audit' && fields['name'] === name)
      .map(({ fields }) => [fields['action'], fields['result'], fields['resource_type']]);
    expect(audited).toEqual([
      ['rollback', 'success', kind],
      ['rollback', 'success', kind],
      ['rollback', 'success', kind],
      ['rollback', 'success', kind],
    ]);
  });
});

describe('what cannot be rolled back', () => {
  beforeAll(async () => {
    await updated('Deployment', 'twice', ['1.0.0', '1.1.0']);
    const images = { app: image('pair', '1.0.0'), proxy: image('proxy', '2.0.0') };
    const annotations = UNATTENDED;
    await world.create('deployments', workloadOf('Deployment', { name: 'pair', images, annotations }));
    await world.create('daemonsets', workloadOf('DaemonSet', { name: 'twice', images, annotations }));
    await knownTo(world, 'pair', 'twice');
    await eventually(async () => (await fetch(rollbackUrl('twice'))).status === 409, {
      what: 'both workloads of the name are known',
    });
  });

  it.each<[string, string, object, number, object]>([
    ['an unknown workload', 'nothing/app', {}, 404, { code: 'HW_WORKLOAD_NOT_FOUND' }],
    ['an unknown container', 'pair/cache', {}, 404, { code: 'HW_CONTAINER_NOT_FOUND', container: 'cache' }],
    [
      'an unknown entry',
      'pair/app',
      { index: 4 },
      404,
      { error: expect.stringContaining('No history entry found at index 4'), deployment: 'pair', index: 4 },
    ],
    [
      'several containers',
      'pair',
      {},
      400,
      { detail: 'The workload has several containers; name one of app, proxy' },
    ],
    [
      'several kinds',
      'twice/app',
      {},
      409,
      { code: 'HW_KIND_AMBIGUOUS', kinds: ['Deployment', 'DaemonSet'] },
    ],
    ['what runs', 'twice/app?kind=deploy', { index: 0 }, 409, { code: 'HW_ROLLBACK_IMPOSSIBLE' }],
  ])('%s', async (...[, path, body, status, expected]) => {
    const answer = await ask(rollbackUrl(path), body);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject(expected);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it('one of several kinds can, once the kind is said', async () => {
    expect((await ask(`${rollbackUrl('twice')}/app?kind=Deployment`)).status).toBe(200);
    await runs('Deployment', 'twice', '1.0.0');
  });
});

describe('an image that was set by hand', () => {
  it('is what a rollback starts from, and keeps nobody from going back', async () => {
    await updated('Deployment', 'handmade', ['1.0.0', '1.1.0']);
    const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments/handmade`;
    const containers = [{ name: 'app', image: image('handmade', '5.0.0') }];
    const body = { spec: { template: { spec: { containers } } } };
    await world.api.expectOk('PATCH', path, body, 'application/strategic-merge-patch+json');
    const { status, body: answer } = await ask(`${rollbackUrl('handmade')}/app`);
    expect(status).toBe(200);
    expect(answer).toMatchObject({
      previousImage: image('handmade', '5.0.0'),
      image: image('handmade', '1.1.0'),
    });
    await runs('Deployment', 'handmade', '1.1.0');
  });
});

describe('a HelmRelease', () => {
  const version = async (): Promise<string> => {
    const path = `${fluxPath('HelmRelease', world.namespace)}/podinfo`;
    return Release.parse(await world.api.expectOk('GET', path)).spec.chart.spec.version;
  };
  const push = (tag: string): Promise<unknown> =>
    pushChart({ url: world.registry.url, repository: 'charts/podinfo', tag });

  it('goes back to the chart version that it had, and is held back from the newer one', async () => {
    await push('6.5.0');
    const repository = {
      type: 'oci',
      url: `oci://${world.registry.host}/charts`,
      insecure: true,
      interval: '1h',
    };
    const source = fluxObject('HelmRepository', { name: 'oci', spec: repository, annotations: {} });
    await world.api.expectOk('POST', fluxPath('HelmRepository', world.namespace), source);
    const chart = { chart: 'podinfo', version: '6.5.0', sourceRef: { kind: 'HelmRepository', name: 'oci' } };
    const release = fluxObject('HelmRelease', {
      name: 'podinfo',
      spec: { interval: '1h', chart: { spec: chart } },
      annotations: { policy: 'minor', ...UNATTENDED },
    });
    await world.api.expectOk('POST', fluxPath('HelmRelease', world.namespace), release);
    await knownTo(world, 'podinfo');
    await push('6.6.0');
    await theRequestFor(world, 'podinfo', { phase: 'Completed' });
    expect(await entriesOf('podinfo')).toEqual(['6.6.0', '6.5.0']);

    const { status, body } = await ask(rollbackUrl('podinfo'), {});
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({ kind: 'HelmRelease', container: 'podinfo', rolledBackTo: 'podinfo:6.5.0' }),
    ]);
    expect(await version()).toBe('6.5.0');
    await push('6.6.0');
    const held = async (): Promise<boolean> =>
      (await artifactOf(world, 'podinfo')).blockers.some(({ code }) => code === 'held');
    await eventually(held, { what: 'the chart version is held' });
    expect(await version()).toBe('6.5.0');
    expect(await holdsOf('podinfo')).toMatchObject([
      { artifact: 'podinfo', version: '6.6.0', why: 'rolled back' },
    ]);
  });
});

describe('kubectl headwind, with no more rights than those of a role', () => {
  let directory: string;
  const run = async (
    account: string,
    ...args: readonly string[]
  ): Promise<{ code: number; out: string; err: string }> => {
    const terminal = createRecordingTerminal();
    const env = { KUBECONFIG: join(directory, account) };
    const code = await runPlugin({ args, env, terminal, clock: systemClock });
    return { code, out: terminal.outLines.join('\n'), err: terminal.errLines.join('\n') };
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headwind-oncall-'));
    for (const manifest of await readManifests('optional/roles.yaml'))
      await applyManifest(world.api, manifest);
    for (const [account, role] of [
      ['oncall', 'headwind-rollbacker'],
      ['viewer', 'view'],
    ] as const) {
      const accounts = `/api/v1/namespaces/${world.namespace}/serviceaccounts`;
      await world.api.expectOk('POST', accounts, { metadata: { name: account } });
      const bindings = `/apis/rbac.authorization.k8s.io/v1/namespaces/${world.namespace}/rolebindings`;
      await world.api.expectOk('POST', bindings, {
        metadata: { name: account },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'ServiceAccount', name: account, namespace: world.namespace }],
      });
      const token = await world.api.serviceAccountToken(world.namespace, account);
      await writeFile(join(directory, account), world.api.kubeconfigFor(token), { mode: 0o600 });
    }
    await updated('StatefulSet', 'nginx-deployment', ['1.0.0', '1.1.0', '1.2.0']);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('shows the history', async () => {
    const { code, out, err } = await run('oncall', 'history', 'nginx-deployment', '-n', world.namespace);
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n')).toHaveLength(4);
    const seen = await run('viewer', 'history', 'sts/nginx-deployment', '-n', world.namespace, '-o', 'json');
    expect(JSON.parse(seen.out)).toMatchObject({ kind: 'StatefulSet', entries: [{ index: 0 }, {}, {}] });
  });

  it('tells what it would do, rolls back, and holds what ran', async () => {
    const dry = await run('viewer', 'rollback', 'nginx-deployment', '-n', world.namespace, '--dry-run');
    expect([dry.code, dry.err]).toEqual([0, '']);
    expect(dry.out).toContain('1.2.0 -> ');

    const { code, out, err } = await run('oncall', 'rollback', 'nginx-deployment', '-n', world.namespace);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('Completed');
    await runs('StatefulSet', 'nginx-deployment', '1.1.0');
    await polledTwice();
    await runs('StatefulSet', 'nginx-deployment', '1.1.0');

    const held = await run('oncall', 'holds', '-n', world.namespace, '-o', 'json');
    const holds = z.array(HoldView).parse(JSON.parse(held.out));
    expect(holds.filter(({ workload }) => workload === 'nginx-deployment')).toMatchObject([
      { version: '1.2.0', why: 'rolled back' },
    ]);
  });

  it('needs the rights to write requests, and says so', async () => {
    const { code, err } = await run('viewer', 'rollback', 'nginx-deployment', '-n', world.namespace);
    expect(code).toBe(1);
    expect(err).toContain('forbidden');
    await runs('StatefulSet', 'nginx-deployment', '1.1.0');
  });

  it('lifts the hold', async () => {
    const { out: name } = await run('oncall', 'holds', '-n', world.namespace, '-o', 'name');
    const ours = name.split('\n').find((line) => line.includes('nginx-deployment')) ?? '';
    const refused = await run('viewer', 'holds', 'release', ours, '-n', world.namespace);
    expect(refused.code).toBe(1);
    const { code, err } = await run('oncall', 'holds', 'release', ours, '-n', world.namespace);
    expect([code, err]).toEqual([0, '']);
    await runs('StatefulSet', 'nginx-deployment', '1.2.0');
  });

  it('knows releases too', async () => {
    const { code, out, err } = await run('oncall', 'history', 'hr/podinfo', '-n', world.namespace);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('podinfo:6.6.0');
    const back = await run('oncall', 'rollback', 'hr/podinfo', '-n', world.namespace, '--to', '6.6.0');
    expect([back.code, back.err]).toEqual([0, '']);
  });

  it('does the same through the API', async () => {
    const url = ['--api-url', api, '-n', world.namespace];
    const done = await run('viewer', 'rollback', 'sts/nginx-deployment', 'app', '--to', '1.0.0', ...url);
    expect([done.code, done.err]).toEqual([0, '']);
    await runs('StatefulSet', 'nginx-deployment', '1.0.0');
    const shown = await run('viewer', 'history', 'nginx-deployment', ...url, '-o', 'json');
    expect(JSON.parse(shown.out)).toHaveProperty(
      'entries.0',
      expect.objectContaining({ index: 0, image: image('nginx-deployment', '1.0.0') }),
    );
  });
});

it('no error was logged on the way: each would be a bug', () => {
  expect(bugsIn(world)).toEqual([]);
});
