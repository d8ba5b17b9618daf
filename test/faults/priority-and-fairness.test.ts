import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startControlPlane, type ControlPlane } from '../parts/control-plane.ts';
import { eventually } from '../parts/eventually.ts';
import { deploymentsOf, leads, untilLeading } from '../parts/replicas.ts';
import { bugsIn, decide, knownTo, tell, theRequestFor } from '../parts/workload-views.ts';
import { openWorld, workloadOf, type World } from '../parts/world.ts';
import { LEASE_SECONDS } from './scene-facts.ts';

const FLOW_CONTROL = '/apis/flowcontrol.apiserver.k8s.io/v1';
const NAME = 'no-seats-for-headwind';
/** Whoever is rejected is told so at once. */
const SEATED_AFTER_MS = 500;

/**
 * The API server's own priority and fairness, with a level that has no seats and no queue. One request at a time is let in
 * all the same; whatever comes while that one is there gets 429.
 */
function noSeatsFor(account: { readonly namespace: string; readonly name: string }): {
  readonly level: object;
  readonly schema: object;
} {
  const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
  const limited = {
    nominalConcurrencyShares: 0,
    borrowingLimitPercent: 0,
    limitResponse: { type: 'Reject' },
  };
  return {
    level: {
      apiVersion,
      kind: 'PriorityLevelConfiguration',
      metadata: { name: NAME },
      spec: { type: 'Limited', limited },
    },
    schema: {
      apiVersion,
      kind: 'FlowSchema',
      metadata: { name: NAME },
      spec: {
        priorityLevelConfiguration: { name: NAME },
        // Before all that the API server has by itself, but for those that are exempt.
        matchingPrecedence: 2,
        rules: [
          {
            subjects: [{ kind: 'ServiceAccount', serviceAccount: account }],
            resourceRules: [
              { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
            ],
          },
        ],
      },
    },
  };
}

describe("while the API server's priority and fairness has no seat for Headwind", () => {
  let controlPlane: ControlPlane;
  let world: World;

  beforeAll(async () => {
    controlPlane = await startControlPlane({ modern: true, controllers: false });
    world = await openWorld(controlPlane, {
      notifies: false,
      env: {
        HEADWIND_VERIFY_IMAGES: 'never',
        HEADWIND_LEADER_ELECTION: 'true',
        HEADWIND_LEASE_DURATION: String(LEASE_SECONDS.duration),
        HEADWIND_LEASE_RENEW_DEADLINE: String(LEASE_SECONDS.renewDeadline),
        HEADWIND_LEASE_RETRY_PERIOD: String(LEASE_SECONDS.retryPeriod),
      },
    });
    const { level } = noSeatsFor({ namespace: 'headwind-system', name: 'headwind' });
    await controlPlane.expectOk('POST', `${FLOW_CONTROL}/prioritylevelconfigurations`, level);
  });
  afterAll(async () => {
    await world?.close();
    await controlPlane?.stop();
  });

  const image = (name: string, tag: string): string => `registry.test/${name}:${tag}`;
  const create = (name: string, annotations = {}): Promise<void> =>
    world.create(
      'deployments',
      workloadOf('Deployment', { name, images: { app: image(name, '1.0.0') }, annotations }),
    );
  /** How many requests of Headwind the API server says that it has rejected. */
  async function rejected(): Promise<number> {
    const metrics = String(await controlPlane.expectOk('GET', '/metrics'));
    const line = new RegExp(
      `^apiserver_flowcontrol_rejected_requests_total\\{flow_schema="${NAME}".*\\} (\\d+)$`,
      'gm',
    );
    return [...metrics.matchAll(line)].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** What the API server says of its level; undefined before it knows that anybody is in it. */
  async function seatsInUse(): Promise<number | undefined> {
    const metrics = String(await controlPlane.expectOk('GET', '/metrics'));
    const line = new RegExp(
      `^apiserver_flowcontrol_current_executing_seats\\{flow_schema="${NAME}".*\\} (\\d+)$`,
      'm',
    );
    const count = line.exec(metrics)?.[1];
    return count === undefined ? undefined : Number(count);
  }

  /** Takes the one place that there is, as Headwind, with a request whose body does not come. Answers how to leave it. */
  async function takeTheSeat(token: string): Promise<() => void> {
    const path = `/apis/headwind.sh/v1alpha1/namespaces/${world.namespace}/updaterequests`;
    return eventually(
      async () => {
        const headers = {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'content-length': 100,
        };
        const outgoing = httpsRequest(new URL(path, controlPlane.url), {
          method: 'POST',
          ca: controlPlane.ca,
          agent: false,
          headers,
        });
        outgoing.on('error', () => undefined);
        outgoing.write('{');
        const isRefused = await Promise.race([
          once(outgoing, 'response').then(() => true),
          sleep(SEATED_AFTER_MS, false),
        ]);
        if (!isRefused) return () => void outgoing.destroy();
        outgoing.destroy();
        return undefined;
      },
      { what: 'the seat is taken', timeoutMs: 30_000 },
    );
  }

  it('nothing is acknowledged that is not durable, and afterwards all of it is done once', async () => {
    const { schema } = noSeatsFor({ namespace: 'headwind-system', name: 'headwind' });
    await untilLeading(world.headwind());
    await create('pushed', { 'require-approval': 'false' });
    await create('approved');
    await knownTo(world, 'pushed', 'approved');
    expect((await tell(world, 'registry.test/approved', '1.1.0')).status).toBe(200);
    const request = await theRequestFor(world, 'approved', { phase: 'Pending' });

    const token = await controlPlane.serviceAccountToken('headwind-system', 'headwind');
    await controlPlane.expectOk('POST', `${FLOW_CONTROL}/flowschemas`, schema);
    await eventually(async () => (await seatsInUse()) !== undefined, { what: 'it is in force' });
    const leaveTheSeat = await takeTheSeat(token);
    await eventually(async () => (await rejected()) > 0, { what: 'Headwind is rejected', timeoutMs: 30_000 });
    await eventually(async () => !(await leads(world.headwind())), {
      what: 'it leads no more',
      timeoutMs: 30_000,
    });
    const refusals = [
      await tell(world, 'registry.test/pushed', '1.1.0'),
      await decide(world, 'approve', request.metadata.name),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([503, 503]);
    expect(refusals.every(({ headers }) => Number(headers.get('retry-after')) > 0)).toBe(true);
    // It waits as long as it is asked to, and does not fill the time with questions.
    const before = await rejected();
    const fromMs = performance.now();
    await eventually(() => performance.now() - fromMs > 5000, { what: '5 s are over' });
    expect((await rejected()) - before).toBeLessThan(100);

    leaveTheSeat();
    await controlPlane.expectOk('DELETE', `${FLOW_CONTROL}/flowschemas/${NAME}`);
    await untilLeading(world.headwind(), 30_000);
    await eventually(async () => (await tell(world, 'registry.test/pushed', '1.1.0')).status === 200, {
      what: 'the push is acknowledged',
      everyMs: 250,
    });
    await eventually(
      async () => [200, 202].includes((await decide(world, 'approve', request.metadata.name)).status),
      { what: 'the approval is acknowledged', everyMs: 250 },
    );
    for (const name of ['pushed', 'approved'])
      await theRequestFor(world, name, { phase: 'Completed', timeoutMs: 30_000 });
    expect(await deploymentsOf(world)).toEqual(
      ['approved', 'pushed'].map((name) => ({ name, image: image(name, '1.1.0'), changes: 1 })),
    );
    expect(bugsIn(world)).toEqual([]);
  });
});
