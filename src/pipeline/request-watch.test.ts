import { afterEach, expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import type { Reflector } from '../kubernetes/reflector.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { createRequestWatch } from './request-watch.ts';

const LISTED = aRequest({ name: 'a' });
const started: Reflector<UpdateRequest>[] = [];

afterEach(async () => {
  for (const reflector of started.splice(0)) await reflector.stop();
});

/** What the watch tells of a list that holds a request, where another one is known from the answer to a write. */
async function observed(known: UpdateRequest | undefined): Promise<readonly UpdateRequest[]> {
  const told: UpdateRequest[] = [];
  const watching = createRequestWatch({
    namespaces: [],
    client: {
      list: (_, onItem) => {
        onItem(structuredClone(LISTED));
        return Promise.resolve({ metadata: { resourceVersion: '7' } });
      },
      stream: ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('broken off')));
        }),
    },
    feed: { observe: (request) => told.push(request), forget: () => undefined },
    known: (key) => (known !== undefined && key === requestKey(known) ? known : undefined),
    clock: new FakeClock(),
    random: () => 0.5,
    log: createRecordingLog().target('test'),
  });
  started.push(...watching);
  for (const reflector of watching) reflector.start();
  await Promise.all(watching.map(({ synced }) => synced));
  return told;
}

it('tells of the very object that is known already, so that nobody holds the same request twice', async () => {
  const known = structuredClone(LISTED);
  const [told] = await observed(known);
  expect(told).toBe(known);
});

it.each<[string, UpdateRequest | undefined]>([
  ['nothing is known', undefined],
  [
    'another version is known',
    { ...LISTED, metadata: { ...LISTED.metadata, resourceVersion: `${LISTED.metadata.resourceVersion}0` } },
  ],
  [
    'one of its name that was deleted is known',
    { ...LISTED, metadata: { ...LISTED.metadata, uid: 'another' } },
  ],
])('tells of what it has read where %s', async (_, known) => {
  const [told] = await observed(known);
  expect(told).not.toBe(known);
  expect(told).toEqual(LISTED);
});
