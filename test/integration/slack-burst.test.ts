import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../parts/eventually.ts';
import { startSlack, type SlackPost, type SlackServer } from '../parts/slack-server.ts';
import { bugsIn, decide, knownTo } from '../parts/workload-views.ts';
import { openWorld, requestsWhen, workloadOf, type World } from '../parts/world.ts';

const WEBHOOK = '/services/T0/B0/hunter2';
const NAMES = Array.from({ length: 500 }, (_, n) => `burst-${n}`);
const OUTAGE_MS = 120_000;
/** What Slack takes of an incoming webhook: one message a second. Clocks may differ by some milliseconds. */
const LEAST_GAP_MS = 990;
const LONG = { timeout: 420_000 };

let world: World;
let slack: SlackServer;

beforeAll(async () => {
  slack = await startSlack();
  world = await openWorld(inject('controlPlane'), {
    narrow: true,
    env: {
      ...slack.env,
      SLACK_ENABLED: 'true',
      SLACK_WEBHOOK_URL: `https://hooks.slack.com${WEBHOOK}`,
      HEADWIND_SLACK_SIGNING_SECRET: '8f742231b10e8888abcd99yyyzzz85a5',
    },
  });
  const images = { app: `${world.registry.host}/burst:1.0.0` };
  for (let first = 0; first < NAMES.length; first += 50)
    await Promise.all(
      NAMES.slice(first, first + 50).map((name) =>
        world.create('deployments', workloadOf('Deployment', { name, images })),
      ),
    );
  await knownTo(world, ...NAMES);
});
afterAll(async () => {
  await world.close();
  await slack.close();
});

async function push(tag: string): Promise<void> {
  await world.registry.pushImage({ repository: 'burst', tag });
  await requestsWhen(
    world,
    'all are proposed',
    (all) => all.filter(({ spec }) => spec.newImage.endsWith(`/burst:${tag}`)).length === NAMES.length,
    90_000,
  );
}

const taken = (): readonly SlackPost[] => slack.posts.filter(({ status }) => status === 200);

/** `Update approved burst-7` for each line that Slack has taken about a version, in order. */
function told(tag: string): readonly string[] {
  return taken().flatMap(({ message }) =>
    [
      ...JSON.stringify(message.blocks).matchAll(
        /(Update [a-z ]+):\*? Deployment [\w-]+\/(burst-\d+)(?=\W)(.*?)(?=Update [a-z ]+:|$)/g,
      ),
    ]
      .filter(([, , , rest = '']) => rest.includes(`burst:${tag}`))
      .map(([, event = '', name = '']) => `${event} ${name}`),
  );
}

const created = (tag: string): readonly string[] =>
  told(tag).filter((line) => line.startsWith('Update request created'));

/** The shortest time between two messages, in milliseconds. */
function leastGap(posts: readonly SlackPost[]): number {
  return Math.min(...posts.slice(1).map(({ atMs }, index) => atMs - (posts[index]?.atMs ?? 0)));
}

async function kill(): Promise<void> {
  world.headwind().kill('SIGKILL');
  await world.headwind().exited;
  await world.restart();
}

describe('500 updates at once', () => {
  it(
    'Slack is away for two minutes, and Headwind is killed meanwhile: each arrives once, in order',
    LONG,
    async () => {
      const begin = Date.now();
      slack.status = 503;
      await push('1.1.0');
      const requests = (await world.requests()).slice(0, 5);
      for (const { metadata } of requests)
        expect((await decide(world, 'approve', metadata.name)).status).toBe(200);
      await eventually(() => slack.posts.length > 0, { what: 'Slack has refused one', timeoutMs: 60_000 });
      await kill();
      await eventually(() => Date.now() - begin >= OUTAGE_MS, { what: 'two minutes', timeoutMs: OUTAGE_MS });
      slack.status = 200;
      await eventually(() => told('1.1.0').length >= NAMES.length + 10, {
        what: 'everything has arrived',
        timeoutMs: 180_000,
        everyMs: 250,
      });
      expect(created('1.1.0').toSorted()).toEqual(
        NAMES.map((name) => `Update request created ${name}`).toSorted(),
      );
      for (const { spec } of requests) {
        const about = told('1.1.0').filter((line) => line.endsWith(` ${spec.targetRef.name}`));
        expect(about.map((line) => line.replace(/ burst-\d+$/, ''))).toEqual([
          'Update request created',
          'Update approved',
          'Update completed',
        ]);
      }
      expect(leastGap(taken())).toBeGreaterThanOrEqual(LEAST_GAP_MS);
      // Nobody hammers at a door that is closed: the tries of two minutes, before the kill and after.
      expect(slack.posts.filter(({ status }) => status === 503).length).toBeLessThan(30);
    },
  );

  it('Headwind is killed in the middle: all of them arrive, one message a second', LONG, async () => {
    const before = taken().length;
    await push('1.2.0');
    await eventually(() => created('1.2.0').length >= 100, { what: 'a hundred are told', timeoutMs: 60_000 });
    await kill();
    await eventually(() => new Set(created('1.2.0')).size === NAMES.length, {
      what: 'all of them have arrived',
      timeoutMs: 120_000,
      everyMs: 250,
    });
    const posts = taken().slice(before);
    expect(leastGap(posts)).toBeGreaterThanOrEqual(LEAST_GAP_MS);
    // What was in the message on its way when it was killed may come again.
    expect(created('1.2.0').length - NAMES.length).toBeLessThanOrEqual(40);
    expect(posts.length).toBeLessThan(60);
    expect(bugsIn(world)).toEqual([]);
  });
});
