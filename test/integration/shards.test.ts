import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import type { UpdateRequest } from '../../src/core/update-request.ts';
import { eventually } from '../parts/eventually.ts';
import type { Program } from '../parts/program.ts';
import { decideAt, startReplica, tellReplica, untilLeading } from '../parts/replicas.ts';
import { bugsIn, requestsFor, theRequestFor } from '../parts/workload-views.ts';
import { openWorld, workloadOf, type World } from '../parts/world.ts';

const Updates = z.array(z.object({ metadata: z.object({ name: z.string() }) }));

describe('two Headwinds of one cluster, each for the workloads of one team', () => {
  let world: World;
  let blog: Program;

  beforeAll(async () => {
    world = await openWorld(inject('controlPlane'), {
      narrow: true,
      notifies: false,
      env: {
        HEADWIND_LEADER_ELECTION: 'true',
        HEADWIND_VERIFY_IMAGES: 'never',
        HEADWIND_LABEL_SELECTOR: 'team=shop',
        HEADWIND_REQUEST_EXPIRY: '4s',
      },
    });
    await mayLead(world, 'headwind-blog');
    blog = await startReplica(world, {
      HEADWIND_LABEL_SELECTOR: 'team=blog',
      HEADWIND_LEASE_NAME: 'headwind-blog',
      HEADWIND_REQUEST_RETENTION: '1s',
      HEADWIND_REQUEST_RETENTION_COUNT: '0',
    });
    await untilLeading(world.headwind());
    await untilLeading(blog);
  });
  afterAll(async () => {
    await blog.stop();
    await world.close();
  });

  async function create(name: string, team: string): Promise<void> {
    const object = workloadOf('Deployment', { name, images: { app: `registry.test/${name}:1.0.0` } });
    await world.create('deployments', object);
    await label(name, team);
  }
  async function label(name: string, team: string): Promise<void> {
    const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments/${name}`;
    const body = { metadata: { labels: { team } } };
    await world.api.expectOk('PATCH', path, body, 'application/merge-patch+json');
  }
  /** Tells a Headwind until it knows the workload; answers the request. */
  async function propose(program: Program, name: string): Promise<UpdateRequest> {
    await eventually(
      async () => {
        await tellReplica(program, `registry.test/${name}`, '1.1.0');
        return requestsFor(await world.requests(), name).length === 1;
      },
      { what: `a request for ${name}`, everyMs: 100 },
    );
    return theRequestFor(world, name);
  }
  async function listedAt(program: Program): Promise<readonly string[]> {
    const answer = await fetch(`${program.urls.api}/api/v1/updates`);
    return Updates.parse(await answer.json()).map(({ metadata }) => metadata.name);
  }
  const byHand = async (name: string, status: object): Promise<void> => {
    const path = `/apis/headwind.sh/v1alpha1/namespaces/${world.namespace}/updaterequests/${name}/status`;
    await world.api.expectOk('PATCH', path, { status }, 'application/merge-patch+json');
  };

  it('neither proposes, shows, approves, applies, expires nor prunes what is the other’s', async () => {
    const shop = world.headwind();
    for (const name of ['cart', 'till', 'shelf']) await create(name, 'shop');
    await create('posts', 'blog');
    const [cart, till, shelf] = [
      await propose(shop, 'cart'),
      await propose(shop, 'till'),
      await propose(shop, 'shelf'),
    ];
    const posts = await propose(blog, 'posts');
    expect((await tellReplica(blog, 'registry.test/cart', '1.2.0')).body).toMatchObject({ matched: 0 });
    expect(await listedAt(blog)).toEqual([posts.metadata.name]);
    expect((await listedAt(shop)).toSorted()).toEqual(
      [cart, till, shelf].map(({ metadata }) => metadata.name).toSorted(),
    );
    expect((await decideAt(blog, world, 'approve', cart.metadata.name)).status).toBe(404);

    // Nobody is there for the shop now: one of its requests is approved, one rejected, one too old.
    await shop.stop();
    await byHand(cart.metadata.name, { phase: 'Approved', approvedBy: 'bob' });
    await byHand(till.metadata.name, { phase: 'Rejected', rejectedBy: 'bob' });
    await eventually(() => Date.now() > Date.parse(shelf.spec.expiresAt ?? '') + 1000, {
      what: 'it is too old',
    });
    // The blog's goes all the way meanwhile: it expires, and is pruned.
    await eventually(async () => requestsFor(await world.requests(), 'posts').length === 0, {
      what: 'what is finished is pruned',
      timeoutMs: 20_000,
    });
    const phases = Object.fromEntries(
      (await world.requests()).map(({ spec, status }) => [spec.targetRef.name, status.phase]),
    );
    expect(phases).toEqual({ cart: 'Approved', till: 'Rejected', shelf: 'Pending' });
    expect(await world.images('deployments', 'cart')).toEqual({ app: 'registry.test/cart:1.0.0' });

    // A workload that is given to the blog comes with its requests.
    await label('cart', 'blog');
    await eventually(
      async () => (await world.images('deployments', 'cart'))['app'] === 'registry.test/cart:1.1.0',
      { what: 'the blog applies what it was given' },
    );
    // And the shop finds its own as it left them.
    await world.restart();
    await theRequestFor(world, 'shelf', { phase: 'Expired' });
    expect(requestsFor(await world.requests(), 'till')).toHaveLength(1);
    expect(bugsIn(world)).toEqual([]);
  });
});

/** What `rbac.yaml` gives for one name of a Lease, for another. */
async function mayLead({ api }: World, lease: string): Promise<void> {
  const group = '/apis/rbac.authorization.k8s.io/v1/namespaces/headwind-system';
  const metadata = { name: `test-${lease}` };
  const rules = [
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      resourceNames: [lease],
      verbs: ['get', 'update'],
    },
  ];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name };
  const subjects = [{ kind: 'ServiceAccount', name: 'headwind', namespace: 'headwind-system' }];
  await api.expectOk('POST', `${group}/roles`, { metadata, rules });
  await api.expectOk('POST', `${group}/rolebindings`, { metadata, roleRef, subjects });
}
