import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { eventually } from '../parts/eventually.ts';
import { startNotificationReceiver, type NotificationReceiver } from '../parts/notification-receiver.ts';
import type { Program } from '../parts/program.ts';
import { startReplica, tellReplica, untilLeading } from '../parts/replicas.ts';
import { bugsIn, knownTo } from '../parts/workload-views.ts';
import { openWorld, workloadOf, type World } from '../parts/world.ts';

const NAMES = ['bell', 'gong', 'horn', 'drum', 'lyre', 'pipe'];
const Notifications = z.object({ targets: z.array(z.object({ waiting: z.number() })) });

async function waitingAt(program: Program): Promise<number> {
  const answer = await fetch(`${program.urls.api}/api/v1/notifications`, {
    signal: AbortSignal.timeout(10_000),
  });
  return Notifications.parse(await answer.json()).targets.reduce((sum, { waiting }) => sum + waiting, 0);
}

describe('what waits for a receiver that is away, at a leader that is stopped,', () => {
  let world: World;
  let receiver: NotificationReceiver;

  beforeAll(async () => {
    receiver = await startNotificationReceiver('shared with the receiver');
    world = await openWorld(inject('controlPlane'), {
      narrow: true,
      notifies: false,
      env: {
        HEADWIND_LEADER_ELECTION: 'true',
        HEADWIND_VERIFY_IMAGES: 'never',
        HEADWIND_LEASE_DURATION: '4',
        HEADWIND_LEASE_RENEW_DEADLINE: '3',
        HEADWIND_LEASE_RETRY_PERIOD: '1',
        WEBHOOK_ENABLED: 'true',
        WEBHOOK_URL: receiver.url,
        WEBHOOK_SECRET: 'shared with the receiver',
      },
    });
  });
  afterAll(async () => {
    await world.close();
    await receiver.close();
  });

  it('is sent by the one that takes over, and not once more by the one that wakes up', async () => {
    const sleeper = world.headwind();
    await untilLeading(sleeper);
    for (const name of NAMES) {
      const images = { app: `registry.test/${name}:1.0.0` };
      await world.create('deployments', workloadOf('Deployment', { name, images }));
      await knownTo(world, name);
    }
    receiver.status = 503;
    for (const name of NAMES) await tellReplica(sleeper, `registry.test/${name}`, '1.1.0');
    await eventually(async () => receiver.tries.length > 0 && (await waitingAt(sleeper)) === NAMES.length, {
      what: 'all of it waits',
    });
    const next = await startReplica(world);
    try {
      sleeper.kill('SIGSTOP');
      await untilLeading(next);
      receiver.status = 200;
      await eventually(() => receiver.taken().length >= NAMES.length, {
        what: 'the next leader has sent all of it',
        timeoutMs: 30_000,
      });
      sleeper.kill('SIGCONT');
      await eventually(async () => (await waitingAt(sleeper)) === 0, {
        what: 'nothing waits at the one that woke up',
        timeoutMs: 90_000,
      });
      const ids = receiver.taken().map(({ id }) => id);
      expect(ids).toHaveLength(NAMES.length);
      expect(new Set(ids).size).toBe(NAMES.length);
      expect(bugsIn(world)).toEqual([]);
    } finally {
      sleeper.kill('SIGCONT');
      await next.stop();
    }
  });
});
