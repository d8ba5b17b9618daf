import { createServer, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import { eventually } from '../../../test/parts/eventually.ts';
import { createDelivery } from './deliver.ts';

let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
});

/** Answers with the statuses one after another, the last one for ever. */
async function startWebhook(statuses: readonly number[]): Promise<{ url: string; calls: () => number }> {
  let calls = 0;
  server = createServer((request, response) => {
    request.resume();
    response.statusCode = statuses[Math.min(calls, statuses.length - 1)] ?? 500;
    calls += 1;
    response.end();
  });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.listen(0, '127.0.0.1', () => resolve(undefined));
  await promise;
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return { url: `http://127.0.0.1:${port}/webhook/registry`, calls: () => calls };
}

function prepare(url: string | undefined): {
  clock: FakeClock;
  lost: string[];
  controller: AbortController;
  deliver: ReturnType<typeof createDelivery>;
} {
  const clock = new FakeClock();
  const lost: string[] = [];
  const controller = new AbortController();
  const { signal } = controller;
  const deliver = createDelivery({ url: () => url, clock, signal, onLost: (_, why) => void lost.push(why) });
  return { clock, lost, controller, deliver };
}

test('a webhook that is not ready yet is asked again', async () => {
  const webhook = await startWebhook([503, 503, 200]);
  const { clock, lost, deliver } = prepare(webhook.url);
  const done = deliver({ events: [] });
  for (let calls = 1; calls < 3; calls += 1) {
    await eventually(() => webhook.calls() === calls && clock.pending === 1, { what: `call ${calls}` });
    await clock.advance(clock.nextInMs ?? 0);
  }
  await done;
  expect([webhook.calls(), lost]).toEqual([3, []]);
});

test('after six failures a notification is given up, with the reason', async () => {
  const webhook = await startWebhook([500]);
  const { clock, lost, deliver } = prepare(webhook.url);
  const done = deliver({ events: [] });
  for (let calls = 1; calls < 6; calls += 1) {
    await eventually(() => webhook.calls() === calls && clock.pending === 1, { what: `call ${calls}` });
    await clock.advance(clock.nextInMs ?? 0);
  }
  await done;
  expect([webhook.calls(), lost.length, lost[0]?.slice(0, 3)]).toEqual([6, 1, '500']);
});

test('the end breaks off the waiting between two tries, and loses nothing loudly', async () => {
  const webhook = await startWebhook([500]);
  const { clock, lost, controller, deliver } = prepare(webhook.url);
  const done = deliver({ events: [] });
  await eventually(() => clock.pending === 1, { what: 'the pause' });
  controller.abort();
  await done;
  expect([clock.pending, lost]).toEqual([0, []]);
});

test('before the webhook is known nothing is sent', async () => {
  const { lost, deliver } = prepare(undefined);
  await deliver({ events: [] });
  expect(lost).toEqual([]);
});
