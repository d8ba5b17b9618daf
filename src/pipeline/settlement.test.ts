import { expect, it } from 'vitest';
import { anApprovedRequest, aRequest, NOON } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import { createRequestStore } from './request-store.ts';
import { settle } from './settlement.ts';

const APPROVED = anApprovedRequest();

function later(request: UpdateRequest): UpdateRequest {
  return { ...request, metadata: { ...request.metadata, resourceVersion: '8' } };
}

/** A replica that does not lead, to which somebody has sent an approval. */
function aFollower() {
  const clock = new FakeClock(NOON);
  const requests = createRequestStore({ request: () => Promise.reject(new Error('nobody is asked')) });
  requests.observe(APPROVED);
  const settled = () =>
    settle(
      {
        requests,
        advancer: { waitingFor: () => [], watch: () => () => undefined },
        enqueue: () => undefined,
        isLeading: () => false,
        clock,
      },
      APPROVED,
    );
  return { clock, requests, settled };
}

it.each<[string, UpdateRequest]>([
  ['Completed', aRequest({ status: { phase: 'Completed', approvedBy: 'alice' } })],
  ['Failed', aRequest({ status: { phase: 'Failed', approvedBy: 'alice' } })],
])(
  'answers at once where the leader was faster than the answer to the approval: %s',
  async (phase, ended) => {
    const { clock, requests, settled } = aFollower();
    requests.observe(later(ended));
    const answer = settled();
    await clock.advance(0);
    expect(await answer).toMatchObject({ kind: 'done', request: { status: { phase } } });
    expect(clock.pending).toBe(0);
  },
);

it('answers as soon as the watch tells of the end', async () => {
  const { clock, requests, settled } = aFollower();
  const answer = settled();
  await clock.advance(3000);
  requests.observe(later(aRequest({ status: { phase: 'Completed' } })));
  expect(await answer).toMatchObject({ kind: 'done', request: { status: { phase: 'Completed' } } });
});

it('answers that it is accepted when nobody has applied it in time, as while no replica leads', async () => {
  const { clock, settled } = aFollower();
  const answer = settled();
  await clock.advance(10_000);
  expect(await answer).toMatchObject({ kind: 'accepted', request: { status: { phase: 'Approved' } } });
});
