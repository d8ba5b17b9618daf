import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startControlPlane, type ControlPlane } from '../parts/control-plane.ts';
import { startDockerRegistry, type DockerRegistry } from '../parts/docker-registry.ts';
import { eventually } from '../parts/eventually.ts';
import { residentMb } from '../parts/memory.ts';
import { artifactOf, bugsIn, requestsFor } from '../parts/workload-views.ts';
import { metricOf, openWorld, workloadOf, type World } from '../parts/world.ts';
import { startRegistryFront, type RegistryFront } from './registry-front.ts';
import { REGISTRY_TROUBLES, type TroubleMaker } from './registry-troubles.ts';

/** What holds of the program while its registry is in this trouble. */
interface Expectation {
  readonly trouble: keyof typeof REGISTRY_TROUBLES;
  /** The cause, as whoever looks is told of it; absent where nobody can see that anything is wrong. */
  readonly told?: RegExp;
  /** What runs meanwhile, where it does not stay as it was. */
  readonly runs?: '1.2.0';
  /** How often it has to do something; twice unless told. */
  readonly bites?: number;
}

const HALF = /closed the connection|socket hang up|aborted|in mid-answer/;

/** 1.1.0 runs, and 1.2.0 is pushed after the trouble has begun. */
const TABLE: readonly Expectation[] = [
  { trouble: 'down', told: /ECONNREFUSED|ECONNRESET|closed the connection|refused|reset/ },
  { trouble: 'failing', told: /answered 500/ },
  { trouble: 'slow', runs: '1.2.0' },
  { trouble: 'silent', told: /did not answer within/ },
  { trouble: 'trickling', told: /did not finish its answer within/ },
  { trouble: 'endless', told: /more than|did not finish/ },
  { trouble: 'emptyList' },
  { trouble: 'shortList' },
  { trouble: 'olderOnly' },
  { trouble: 'ghost', runs: '1.2.0' },
  // One question is all that it takes.
  { trouble: 'wrongDigest', runs: '1.2.0', bites: 1 },
  { trouble: 'html', told: /no list of tags|answered 200/ },
  { trouble: 'otherJson', told: /no list of tags|answered 200/ },
  { trouble: 'toItself', told: /redirects more than 5 times/ },
  { trouble: 'toAndFro', told: /redirects more than 5 times/ },
  { trouble: 'elsewhere', told: /redirects more than 5 times/ },
  { trouble: 'half', told: HALF },
  { trouble: 'cutChunk', told: HALF },
  { trouble: 'failingPage', told: /answered (?:500|404)/ },
  { trouble: 'circle', told: /lists its pages in a circle/ },
  { trouble: 'tooMany', told: /429/ },
  { trouble: 'lyingRealm', told: /no token/ },
];

const nameOf = (trouble: string): string =>
  trouble.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const ROWS = TABLE.map((row) => ({
  ...row,
  name: nameOf(row.trouble),
  says: REGISTRY_TROUBLES[row.trouble].name,
}));

const TOLD = ROWS.flatMap(({ told, ...row }) => (told === undefined ? [] : [{ ...row, told }]));

/** From the healing until everything is as it should be: the longest pause of a poll that failed for about a minute. */
const CONVERGES_MS = 90_000;
/** A list may be 16 MiB long before it is given up, and is in memory twice then. */
const MEMORY_MB = 100;

let controlPlane: ControlPlane;
let real: DockerRegistry;
let world: World;
let directory: string;
let idleMb: number;
const fronts = new Map<string, RegistryFront>();
/** Of each front, how many questions there had been when its trouble began. */
const before = new Map<string, { readonly questions: number; readonly atMs: number }>();

function frontOf(name: string): RegistryFront {
  const front = fronts.get(name);
  if (front === undefined) throw new Error(`no front is called ${name}`);
  return front;
}

const pushToAll = (tag: string): Promise<unknown> =>
  Promise.all(ROWS.map(({ name }) => real.pushImage({ repository: `${name}/app`, tag })));

const imageOf = (name: string, tag: string): string => `${frontOf(name).host}/${name}/app:${tag}`;

async function running(name: string): Promise<string | undefined> {
  return (await world.images('deployments', name))['app'];
}

/** Waits until a workload runs an image; says what Headwind thinks of it where it does not. */
async function runs(name: string, tag: string, timeoutMs: number): Promise<void> {
  await eventually(
    async () => {
      const image = await running(name);
      if (image === imageOf(name, tag)) return true;
      const { blockers, decision } = await artifactOf(world, name);
      throw new Error(`it runs ${image}: ${JSON.stringify({ blockers, decision })}`);
    },
    { what: `${name} runs ${tag}`, timeoutMs, everyMs: 200 },
  );
}

/** Waits for a blocker, and answers its message. */
async function blocked(name: string, code: string): Promise<string> {
  return eventually(
    async () => {
      const { blockers } = await artifactOf(world, name);
      const found = blockers.find((blocker) => blocker.code === code);
      if (found === undefined) throw new Error(JSON.stringify(blockers));
      return found.message;
    },
    { what: `${name} is blocked by ${code}`, timeoutMs: 30_000, everyMs: 100 },
  );
}

beforeAll(async () => {
  controlPlane = await startControlPlane({ controllers: false });
  directory = await mkdtemp(join(tmpdir(), 'headwind-registry-faults-'));
  real = await startDockerRegistry();
  for (const { name } of ROWS) fronts.set(name, await startRegistryFront(real.url));
  const registries = join(directory, 'registries.yaml');
  // JSON is YAML.
  await writeFile(registries, JSON.stringify({ defaults: { timeout: 3 } }));
  const hosts = [...fronts.values()].flatMap(({ host, otherHost }) => [host, otherHost]);
  world = await openWorld(controlPlane, {
    narrow: true,
    shared: { registry: real, webhookPort: 0 },
    env: {
      HEADWIND_POLLING_ENABLED: 'true',
      HEADWIND_POLLING_INTERVAL: '1',
      HEADWIND_REGISTRY_CONFIG: registries,
      HEADWIND_INSECURE_REGISTRIES: hosts.join(','),
    },
  });
  for (const tag of ['0.9.0', '1.0.0', '1.0.5', '1.1.0']) await pushToAll(tag);
  for (const { name } of ROWS)
    await world.create(
      'deployments',
      workloadOf('Deployment', {
        name,
        images: { app: imageOf(name, '1.1.0') },
        annotations: { 'require-approval': 'false', 'event-source': 'polling', 'min-update-interval': '0' },
      }),
    );
  for (const { name } of ROWS) await blocked(name, 'up-to-date');
  idleMb = await residentMb(world.headwind().pid);
  for (const { name, trouble } of ROWS) {
    const front = frontOf(name);
    before.set(name, { questions: front.questions.length, atMs: performance.now() });
    const maker: TroubleMaker = REGISTRY_TROUBLES[trouble];
    await front.misbehave(maker.make(() => 0.5));
  }
  await pushToAll('1.2.0');
});

afterAll(async () => {
  await world?.close();
  for (const front of fronts.values()) await front.stop();
  await real?.stop();
  await controlPlane?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

describe('while', () => {
  it.each(ROWS)('$says, nothing wrong is done', async ({ name, runs: target, bites = 2 }) => {
    const front = frontOf(name);
    await eventually(() => front.bites() >= bites, {
      what: `it has bitten ${bites} times`,
      timeoutMs: 60_000,
    });
    if (target !== undefined) await runs(name, target, 60_000);
    expect(await running(name)).toBe(imageOf(name, target ?? '1.1.0'));
  });

  it.each(TOLD)('$says, that is told, with the host and the cause', async ({ name, told }) => {
    const { host, otherHost } = frontOf(name);
    const message = await blocked(name, 'registry');
    expect([host, otherHost].filter((one) => message.includes(one))).not.toEqual([]);
    expect(message).toMatch(told);
    const logged = world
      .headwind()
      .logs()
      .filter(
        ({ fields }) => fields.message === 'a poll failed' && String(fields['group']).includes(`${host}/`),
      );
    expect(logged).not.toEqual([]);
  });

  it('each registry is asked a bounded number of times', () => {
    for (const { name, told } of ROWS) {
      const { questions, atMs } = before.get(name) ?? { questions: 0, atMs: 0 };
      const seconds = (performance.now() - atMs) / 1000;
      const asked = frontOf(name).questions.length - questions;
      // Failed: pauses of 5 s and growing, each time no more than twelve questions. Answered: each second, a few.
      const most = told === undefined ? 12 + seconds * 8 : 12 + (seconds / 4) * 12;
      expect({ name, asked, tooMany: asked > most }).toEqual({ name, asked, tooMany: false });
    }
  });

  it('memory stays what it was', async () => {
    expect((await residentMb(world.headwind().pid)) - idleMb).toBeLessThan(MEMORY_MB);
  });

  it('the metrics tell of it, and nothing is taken for a mistake of the program', async () => {
    expect(await metricOf(world.headwind(), 'headwind_polling_errors_total')).toBeGreaterThan(10);
    expect(bugsIn(world)).toEqual([]);
  });
});

describe('afterwards', () => {
  beforeAll(async () => {
    await pushToAll('1.3.0');
    await Promise.all([...fronts.values()].map((front) => front.behave()));
  });

  it.each(ROWS)('everything converges, and nothing was done twice: $says', async ({ name, runs: target }) => {
    await runs(name, '1.3.0', CONVERGES_MS);
    const requests = await eventually(
      async () => {
        const ours = requestsFor(await world.requests(), name);
        return ours.every(({ status }) => status.phase === 'Completed') ? ours : undefined;
      },
      { what: 'all requests are done' },
    );
    const steps = requests.map(({ spec }) => spec.newImage.replace(/^.*:/, '')).toSorted();
    expect(steps).toEqual(target === undefined ? ['1.3.0'] : ['1.2.0', '1.3.0']);
    const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments/${name}`;
    const { metadata } = Generation.parse(await world.api.expectOk('GET', path));
    // It begins at 1, and each patch of the template is one more.
    expect(metadata.generation).toBe(1 + steps.length);
  });

  it('the program is the same process, and has met no mistake of its own', () => {
    expect(
      world
        .headwind()
        .output()
        .filter((line) => /unhandled|uncaught/i.test(line)),
    ).toEqual([]);
    expect(bugsIn(world)).toEqual([]);
  });
});

const Generation = z.object({ metadata: z.object({ generation: z.number() }) });
