import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { freePorts } from '../parts/child.ts';
import { accessControlPlane } from '../parts/control-plane-access.ts';
import { eventually } from '../parts/eventually.ts';
import { startGateProxy, type GateProxy } from '../parts/gate-proxy.ts';
import { startHeadwind, type Exit, type Program } from '../parts/program.ts';
import { openWorld, workloadOf, type World } from '../parts/world.ts';
import { bugsIn, decide, knownTo, requestsFor, tell, theRequestFor } from '../parts/workload-views.ts';

const SECONDS_TO_END = 5;

/** The exit, and how many seconds it took from now. */
async function timed(exited: Promise<Exit>): Promise<Exit & { readonly seconds: number }> {
  const fromMs = performance.now();
  const exit = await exited;
  return { ...exit, seconds: (performance.now() - fromMs) / 1000 };
}

function saysOnce(program: Program, message: string): Promise<boolean> {
  return eventually(() => program.logs().some(({ fields }) => fields.message === message), {
    what: `the log says "${message}"`,
  });
}

describe('SIGTERM', () => {
  let proxy: GateProxy;
  let world: World;

  beforeAll(async () => {
    const facts = inject('controlPlane');
    proxy = await startGateProxy(facts);
    world = await openWorld(facts, { apiUrl: proxy.url, narrow: true, notifies: false });
  });
  afterAll(async () => {
    await world.close();
    await proxy.close();
  });
  afterEach(async () => {
    await world.restart();
  });

  async function createDeployment(name: string): Promise<void> {
    const images = { app: `${world.registry.host}/${name}:1.0.0` };
    await world.create('deployments', workloadOf('Deployment', { name, images }));
    await knownTo(world, name);
    await world.registry.pushImage({ repository: name, tag: '1.1.0' });
  }
  const push = (name: string): ReturnType<typeof tell> =>
    tell(world, `${world.registry.host}/${name}`, '1.1.0');

  it('with nothing to do it ends at once, with 0', async () => {
    const program = world.headwind();
    program.kill('SIGTERM');
    const { code, seconds } = await timed(program.exited);
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(SECONDS_TO_END);
    expect(bugsIn(world)).toEqual([]);
  });

  it('new connections are taken for as long as senders may not know of it, where that is wanted', async () => {
    const program = await world.restart({ HEADWIND_SHUTDOWN_DELAY: '3' });
    const answers = async (): Promise<boolean> => {
      const answer = await fetch(`${program.urls.webhook}/webhook/registry`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify({ repository: 'registry.test/nobody', tag: '1.1.0' }),
      });
      return answer.status === 200;
    };
    program.kill('SIGTERM');
    const ended = timed(program.exited);
    await saysOnce(program, 'stopping');
    for (let turn = 0; turn < 20; turn += 1) {
      expect(await answers()).toBe(true);
    }
    const { code, seconds } = await ended;
    expect([code, seconds >= 3, seconds < 3 + SECONDS_TO_END]).toEqual([0, true, true]);
    await expect(answers()).rejects.toThrow('fetch failed');
  });

  it('an approval under way is carried out and answered, nothing new is taken, and it ends with 0', async () => {
    await createDeployment('approved');
    await push('approved');
    const { metadata } = await theRequestFor(world, 'approved');
    const hold = proxy.hold(({ method, path }) => method === 'PATCH' && path.includes('/deployments/'));
    const program = world.headwind();

    const answer = decide(world, 'approve', metadata.name, { approver: 'alice' });
    await hold.reached;
    program.kill('SIGTERM');
    await saysOnce(program, 'stopping');
    await eventually(
      () =>
        fetch(`${program.urls.api}/healthz`).then(
          async (response) => {
            await response.body?.cancel();
            return false;
          },
          () => true,
        ),
      { what: 'new connections are refused' },
    );
    const ended = timed(program.exited);
    hold.release();
    expect(await answer).toMatchObject({
      status: 200,
      body: { status: { phase: 'Completed', approvedBy: 'alice' } },
    });
    const { code, seconds } = await ended;
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(SECONDS_TO_END);
    expect(await world.images('deployments', 'approved')).toEqual({
      app: `${world.registry.host}/approved:1.1.0`,
    });
    expect(bugsIn(world)).toEqual([]);
  });

  it('an approval that takes longer is answered with 202, and carried out before the end', async () => {
    await createDeployment('slow');
    await push('slow');
    const { metadata } = await theRequestFor(world, 'slow');
    const hold = proxy.hold(({ method, path }) => method === 'PATCH' && path.includes('/deployments/'));
    const program = world.headwind();

    const answer = decide(world, 'approve', metadata.name);
    await hold.reached;
    program.kill('SIGTERM');
    expect(await answer).toMatchObject({ status: 202, body: { status: { phase: 'Approved' } } });
    hold.release();
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(await world.images('deployments', 'slow')).toEqual({ app: `${world.registry.host}/slow:1.1.0` });
    expect(bugsIn(world)).toEqual([]);
  });

  it('a webhook under way is made durable and answered', async () => {
    await createDeployment('pushed');
    const hold = proxy.hold(({ method, path }) => method === 'POST' && path.endsWith('/updaterequests'));
    const program = world.headwind();

    const answer = push('pushed');
    await hold.reached;
    program.kill('SIGTERM');
    await saysOnce(program, 'stopping');
    hold.release();
    expect(await answer).toMatchObject({ status: 200, body: { created: 1 } });
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(requestsFor(await world.requests(), 'pushed')).toHaveLength(1);
    expect(bugsIn(world)).toEqual([]);
  });
});

describe('what keeps it from starting is told in a sentence, and its exit code', () => {
  let directory: string;
  let kubeconfig: string;
  let occupier: Server;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headwind-start-'));
    kubeconfig = join(directory, 'kubeconfig');
    const api = accessControlPlane(inject('controlPlane'));
    await writeFile(kubeconfig, api.kubeconfigFor('nobody'), { mode: 0o600 });
    occupier = createServer();
  });
  afterEach(async () => {
    occupier.close();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(['WEBHOOK', 'API', 'UI', 'METRICS'])('HEADWIND_%s_PORT is taken: 1', async (server) => {
    const port = (await freePorts(1))[0] ?? 0;
    await new Promise<void>((resolve) => {
      occupier.listen(port, '127.0.0.1', resolve);
    });
    const env = { KUBECONFIG: kubeconfig, [`HEADWIND_${server}_PORT`]: String(port) };
    const program = await startHeadwind({ env, waitUntilReady: false });
    const { code, seconds } = await timed(program.exited);
    expect(code).toBe(1);
    expect(seconds).toBeLessThan(SECONDS_TO_END);
    const error = program.logs().find(({ level }) => level === 'ERROR');
    expect(error?.fields.message).toBe('Headwind cannot start');
    expect(error?.fields['error']).toMatchObject({
      message: `cannot listen on 127.0.0.1:${port}: the port is taken by another program`,
    });
  });

  it('bad settings: 2, and all of them are listed', async () => {
    const env = {
      KUBECONFIG: kubeconfig,
      HEADWIND_API_PORT: 'eighty',
      HEADWIND_VERIFY_IMAGES: 'perhaps',
      HEADWIND_REQUEST_EXPIRY: 'soon',
      HEADWIND_REQUEST_RETENTION_COUNT: '-1',
      HEADWIND_NAMESPACES: 'shop,Not A Name',
      HEADWIND_LOG: 'info=very',
    };
    const program = await startHeadwind({ env, waitUntilReady: false });
    expect(await program.exited).toEqual({ code: 2, signal: null });
    const output = program.output().join('\n');
    const listed = Object.keys(env).filter((variable) => output.includes(`${variable}=`));
    expect(listed).toEqual(Object.keys(env).filter((variable) => variable !== 'KUBECONFIG'));
    expect(output).toContain('6 settings cannot be used');
  });

  it('a kubeconfig that is not there: 1, and its path is named', async () => {
    const env = { KUBECONFIG: join(directory, 'not-there') };
    const program = await startHeadwind({ env, waitUntilReady: false });
    expect((await program.exited).code).toBe(1);
    expect(program.output().join('\n')).toContain(join(directory, 'not-there'));
  });

  it('an API server that is not there: it waits, says so, is not ready, and SIGTERM ends it with 0', async () => {
    const port = (await freePorts(1))[0] ?? 0;
    const { url, ...facts } = inject('controlPlane');
    const api = accessControlPlane({ url: `https://127.0.0.1:${port}`, ...facts });
    expect(url).not.toContain(`:${port}`);
    await writeFile(kubeconfig, api.kubeconfigFor('nobody'), { mode: 0o600 });
    const program = await startHeadwind({ env: { KUBECONFIG: kubeconfig }, waitUntilReady: false });
    await saysOnce(program, 'list and watch was interrupted');
    const ready = await fetch(`${program.urls.metrics}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('not all known yet');
    program.kill('SIGTERM');
    const { code, seconds } = await timed(program.exited);
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(SECONDS_TO_END);
  });

  it('a token that nobody knows: it is not ready, and says that it is refused', async () => {
    const program = await startHeadwind({ env: { KUBECONFIG: kubeconfig }, waitUntilReady: false });
    await saysOnce(program, 'list and watch was interrupted');
    const said = program.logs().find(({ fields }) => fields.message === 'list and watch was interrupted');
    expect(JSON.stringify(said?.fields['error'])).toContain('refused with 401');
    expect(await program.stop()).toEqual({ code: 0, signal: null });
  });
});
