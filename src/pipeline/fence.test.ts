import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import type { ApiCall } from '../kubernetes/api-call.ts';
import { fencedClient, fencedRequests, NotLeadingError } from './fence.ts';
import { createRequestStore } from './request-store.ts';

const REQUEST = aRequest({ name: 'a' });
const WANTED = {
  spec: REQUEST.spec,
  metadata: { ...REQUEST.metadata, labels: {}, annotations: {}, ownerReferences: [] },
};

function aReplica(leading: boolean): {
  readonly calls: string[];
  readonly client: ReturnType<typeof fencedClient>;
  readonly requests: ReturnType<typeof fencedRequests>;
} {
  const calls: string[] = [];
  const client = {
    request: async ({ method }: ApiCall) => {
      calls.push(method);
      return REQUEST;
    },
  };
  const isLeading = (): boolean => leading;
  return {
    calls,
    client: fencedClient(client, isLeading),
    requests: fencedRequests(createRequestStore(client), isLeading),
  };
}

type Act = (replica: ReturnType<typeof aReplica>) => Promise<unknown>;

const WRITES: readonly [string, Act][] = [
  ['patches nothing', ({ client }) => client.request({ method: 'PATCH', path: '/x' })],
  ['deletes nothing', ({ client }) => client.request({ method: 'DELETE', path: '/x' })],
  ['creates no request', ({ requests }) => requests.create(WANTED)],
  ['writes no status', ({ requests }) => requests.writeStatus(REQUEST, REQUEST.status)],
  ['annotates no request', ({ requests }) => requests.annotate(REQUEST, { a: 'b' })],
  ['removes no request', ({ requests }) => requests.remove(REQUEST)],
];

describe('a replica that does not lead', () => {
  it.each(WRITES)('%s', async (_, act) => {
    const follower = aReplica(false);
    await expect(act(follower)).rejects.toBeInstanceOf(NotLeadingError);
    expect(follower.calls).toEqual([]);
  });

  it.each(WRITES)('%s; one that leads does', async (_, act) => {
    const leader = aReplica(true);
    await act(leader);
    expect(leader.calls).toHaveLength(1);
  });

  it('reads all that it wants', async () => {
    const { client, requests, calls } = aReplica(false);
    await client.request({ method: 'GET', path: '/x' });
    await requests.fetch('default', 'a');
    expect(calls).toEqual(['GET', 'GET']);
    expect(requests.size).toBe(1);
  });
});
