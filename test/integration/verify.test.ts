import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePorts } from '../parts/child.ts';
import { startDockerRegistry, type DockerRegistry } from '../parts/docker-registry.ts';
import { eventually } from '../parts/eventually.ts';
import { metricOf, openWorld, workloadOf, type World } from '../parts/world.ts';
import {
  artifactOf,
  bugsIn,
  decide,
  knownTo,
  requestsFor,
  tell,
  theRequestFor,
} from '../parts/workload-views.ts';

type Mode = 'always' | 'auto' | 'never';
type Situation = 'tag exists' | 'tag missing' | 'registry stopped' | 'registry answers 401';

type Expected =
  | { readonly webhook: 200; readonly verified: true }
  | { readonly webhook: 200; readonly verified: false; readonly why: RegExp }
  | {
      readonly webhook: 200 | 503;
      readonly blocker: 'tag-missing' | 'registry' | 'registry-auth';
      readonly why: RegExp;
    };

const REFUSED = /^127\.0\.0\.1:\d+ answered 401 .*asked without credentials.*imagePullSecrets/;
const STOPPED = /^127\.0\.0\.1:\d+ .*refused/i;
const MISSING = /1\.1\.0/;
const NOT_ASKED = /^HEADWIND_VERIFY_IMAGES is never$/;

/** DESIGN §2.1. */
const TABLE: Readonly<Record<Mode, Readonly<Record<Situation, Expected>>>> = {
  always: {
    'tag exists': { webhook: 200, verified: true },
    'tag missing': { webhook: 200, blocker: 'tag-missing', why: MISSING },
    'registry stopped': { webhook: 503, blocker: 'registry', why: STOPPED },
    'registry answers 401': { webhook: 503, blocker: 'registry-auth', why: REFUSED },
  },
  auto: {
    'tag exists': { webhook: 200, verified: true },
    'tag missing': { webhook: 200, blocker: 'tag-missing', why: MISSING },
    'registry stopped': { webhook: 200, verified: false, why: STOPPED },
    'registry answers 401': { webhook: 200, verified: false, why: REFUSED },
  },
  never: {
    'tag exists': { webhook: 200, verified: false, why: NOT_ASKED },
    'tag missing': { webhook: 200, verified: false, why: NOT_ASKED },
    'registry stopped': { webhook: 200, verified: false, why: NOT_ASKED },
    'registry answers 401': { webhook: 200, verified: false, why: NOT_ASKED },
  },
};

const PASSWORD = 'correct horse battery staple';

describe('Invariant 1: a payload is a hint; what an unconfirmed one may do is up to HEADWIND_VERIFY_IMAGES', () => {
  let world: World;
  let locked: DockerRegistry;
  let stoppedHost: string;

  beforeAll(async () => {
    locked = await startDockerRegistry({ auth: { htpasswd: { owner: PASSWORD } } });
    stoppedHost = `127.0.0.1:${(await freePorts(1))[0]}`;
    world = await openWorld(inject('controlPlane'), { notifies: false, narrow: true });
  });
  afterAll(async () => {
    await world.close();
    await locked.stop();
  });

  const hostIn = (situation: Situation): string =>
    situation === 'registry stopped'
      ? stoppedHost
      : situation === 'registry answers 401'
        ? locked.host
        : world.registry.host;

  /** A Deployment on 1.0.0 whose 1.1.0 is as the situation says; answers its name and repository. */
  async function aWorkloadIn(
    mode: Mode,
    situation: Situation,
  ): Promise<{ readonly name: string; readonly repository: string }> {
    const name = `${mode}-${situation.replaceAll(' ', '-')}`;
    const repository = `${hostIn(situation)}/${name}`;
    const present = { repository: name, credentials: { username: 'owner', password: PASSWORD } };
    if (situation === 'tag exists') await world.registry.pushImage({ ...present, tag: '1.1.0' });
    if (situation === 'tag missing') await world.registry.pushImage({ ...present, tag: '1.0.0' });
    if (situation === 'registry answers 401') await locked.pushImage({ ...present, tag: '1.1.0' });
    await world.create(
      'deployments',
      workloadOf('Deployment', { name, images: { app: `${repository}:1.0.0` } }),
    );
    await knownTo(world, name);
    return { name, repository };
  }

  async function expectBlocked(name: string, code: string, why: RegExp): Promise<void> {
    const artifact = await artifactOf(world, name);
    const blocker = { code, message: expect.stringMatching(why) };
    expect(artifact.blockers).toEqual([blocker]);
    expect(artifact.decision).toMatchObject({
      action: 'stay',
      candidate: '1.1.0',
      verified: false,
      reason: expect.stringMatching(why),
    });
    expect(requestsFor(await world.requests(), name)).toEqual([]);
  }

  async function expectRequest(name: string, repository: string, why: RegExp | undefined): Promise<void> {
    const verified = why === undefined;
    const request = await theRequestFor(world, name, { phase: 'Pending' });
    const { decision } = await artifactOf(world, name);
    expect(request.spec.newDigest === undefined).toBe(!verified);
    expect(decision).toMatchObject({ action: 'update', candidate: '1.1.0', verified });
    expect(decision?.reason).toBe(request.spec.reason);
    const said = `New version available for ${repository}: 1.0.0 -> 1.1.0`;
    const unverified = /\(not verified: (.*)\)$/.exec(request.spec.reason ?? '')?.[1];
    expect(request.spec.reason).toBe(verified ? said : `${said} (not verified: ${unverified})`);
    expect(unverified ?? '').toMatch(why ?? /^$/);
    const approved = await decide(world, 'approve', request.metadata.name);
    expect(approved.body).toMatchObject({
      status: {
        phase: 'Completed',
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: 'Verified', status: verified ? 'True' : 'False' }),
        ]),
      },
    });
    expect(await world.images('deployments', name)).toEqual({ app: `${repository}:1.1.0` });
  }

  const modes = ['always', 'auto', 'never'] as const;
  describe.each(modes.map((mode) => ({ mode })))('$mode', ({ mode }) => {
    beforeAll(async () => {
      const insecure = [world.registry.host, locked.host, stoppedHost].join(',');
      await world.restart({ HEADWIND_VERIFY_IMAGES: mode, HEADWIND_INSECURE_REGISTRIES: insecure });
    });

    const situations = ['tag exists', 'tag missing', 'registry stopped', 'registry answers 401'] as const;
    it.each(situations.map((situation) => ({ situation, expected: TABLE[mode][situation] })))(
      '$situation',
      async ({ situation, expected }) => {
        const { name, repository } = await aWorkloadIn(mode, situation);
        const answer = await tell(world, repository, '1.1.0');
        expect(answer.status).toBe(expected.webhook);
        if ('blocker' in expected) await expectBlocked(name, expected.blocker, expected.why);
        else await expectRequest(name, repository, expected.verified ? undefined : expected.why);
      },
    );

    it('nothing of this was a bug in its log', () => {
      expect(bugsIn(world)).toEqual([]);
    });
  });

  it('under never the registry was not asked at all', async () => {
    const asked = ['answered', 'not-found', 'refused', 'network-error'].map((outcome) =>
      metricOf(world.headwind(), `headwind_registry_requests_total{outcome="${outcome}"}`),
    );
    expect(await Promise.all(asked)).toEqual([0, 0, 0, 0]);
  });
});

describe('under always, when the registry comes back', () => {
  let world: World;
  let registry: DockerRegistry | undefined;

  beforeAll(async () => {
    world = await openWorld(inject('controlPlane'), { notifies: false, narrow: true });
  });
  afterAll(async () => {
    await world.close();
    await registry?.stop();
  });

  it("the update comes by itself, and by the sender's retry just once", async () => {
    const port = (await freePorts(1))[0] ?? 0;
    const host = `127.0.0.1:${port}`;
    await world.restart({ HEADWIND_VERIFY_IMAGES: 'always', HEADWIND_INSECURE_REGISTRIES: host });
    for (const name of ['alone', 'retried']) {
      const images = { app: `${host}/${name}:1.0.0` };
      await world.create('deployments', workloadOf('Deployment', { name, images }));
    }
    await knownTo(world, 'alone', 'retried');
    for (const name of ['alone', 'retried']) {
      const { status, headers } = await tell(world, `${host}/${name}`, '1.1.0');
      expect({ status, retryAfter: Number(headers.get('retry-after')) > 0 }).toEqual({
        status: 503,
        retryAfter: true,
      });
      expect((await artifactOf(world, name)).blockers).toMatchObject([{ code: 'registry' }]);
    }

    registry = await startDockerRegistry({ port });
    for (const repository of ['alone', 'retried']) await registry.pushImage({ repository, tag: '1.1.0' });
    expect(await tell(world, `${host}/retried`, '1.1.0')).toMatchObject({
      status: 200,
      body: { matched: 1 },
    });
    const alone = await theRequestFor(world, 'alone', { phase: 'Pending', timeoutMs: 60_000 });
    expect(alone.spec.newDigest).toMatch(/^sha256:/);
    // Of the sender's retry and Headwind's own one creates the request, and the other one finds it there.
    const found = 'headwind_decisions_total{outcome="awaiting-approval"}';
    await eventually(async () => (await metricOf(world.headwind(), found)) >= 1, {
      what: 'both retries have been made',
      timeoutMs: 60_000,
    });
    const retried = await theRequestFor(world, 'retried', { phase: 'Pending' });
    expect(retried.spec.newDigest).toMatch(/^sha256:/);
    expect((await artifactOf(world, 'alone')).blockers).toMatchObject([{ code: 'awaiting-approval' }]);
    expect(bugsIn(world)).toEqual([]);
  });
});
