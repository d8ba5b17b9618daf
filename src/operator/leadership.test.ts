import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { readSettings } from '../config/settings.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createLeadership, type Leadership } from './leadership.ts';

const Written = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string().optional() }),
  spec: z.looseObject({ holderIdentity: z.string() }),
});
type Request = KubernetesClient['request'];

/** One Lease as an API server keeps it, and how it is reached by one that can be killed. */
function aLease(): (isKilled: () => boolean) => { readonly request: Request } {
  let lease: z.infer<typeof Written> | undefined;
  let version = 0;
  const refuse = (status: number): never => {
    throw new KubernetesError({ status, message: 'no', details: { name: 'headwind' } });
  };
  return (isKilled) => ({
    request: async ({ method, body }) => {
      if (isKilled()) return new Promise(() => undefined);
      if (method === 'GET') return lease ?? refuse(404);
      const written = Written.parse(body);
      if (lease?.metadata.resourceVersion !== written.metadata.resourceVersion) return refuse(409);
      version += 1;
      lease = { ...written, metadata: { resourceVersion: String(version) } };
      return lease;
    },
  });
}

describe('with the times that are the default', () => {
  const settings = readSettings({ HEADWIND_LEADER_ELECTION: 'true' });
  if (!settings.ok) throw new Error('the defaults can be read');

  it.each([0, 300, 700, 1000, 1300, 1700, 1999])(
    'what acts is at work again within 12 s when the leader is killed %i ms after it has renewed',
    async (afterMs) => {
      const clock = new FakeClock();
      const reach = aLease();
      let killed = false;
      const replica = (host: string, isKilled: () => boolean, random: number): Leadership =>
        createLeadership({
          settings: settings.value,
          connection: {},
          host,
          client: reach(isKilled),
          clock,
          monotonicMs: () => clock.now(),
          random: () => random,
          metrics: createMetrics(),
          log: createRecordingLog().target('test'),
        });
      const leader = replica('a', () => killed, 0);
      const other = replica('b', () => false, 0.37);
      leader.start(() => undefined);
      await clock.advance(1);
      other.start(() => undefined);
      await clock.advance(20_000 + afterMs);
      killed = true;
      let tookMs = 0;
      while (!other.isLeading()) {
        expect(tookMs).toBeLessThanOrEqual(12_000);
        await clock.advance(50);
        tookMs += 50;
        expect(leader.isLeading() && other.isLeading()).toBe(false);
      }
      expect(tookMs).toBeGreaterThan(7000);
      await other.stop();
    },
  );
});
