import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/parts/eventually.ts';
import { answers, BASIC, createRegistryBench, CREDENTIAL, DIGEST } from '../../test/parts/registry-bench.ts';

const { aServer, aClientOf, end } = createRegistryBench();
afterEach(end);

describe('a question', () => {
  it('is given up by one asker without disturbing the other', async () => {
    const waiting: (() => void)[] = [];
    const server = await aServer((_, response) => {
      waiting.push(() => void response.writeHead(200, { 'docker-content-digest': DIGEST }).end());
    });
    const { ask } = aClientOf(server);
    const controller = new AbortController();
    const impatient = ask([], controller.signal).catch((error: unknown) => error);
    const patient = ask();

    await eventually(() => waiting.length === 1, { what: 'the request' });
    controller.abort(new Error('enough'));
    expect(await impatient).toMatchObject({ message: 'enough' });
    waiting[0]?.();

    expect(await patient).toEqual({ outcome: 'found', digest: DIGEST });
    expect(server.requests).toHaveLength(1);
  });

  it('is never answered with what another credential may see', async () => {
    const server = await aServer((request, response) =>
      request.authorization === BASIC
        ? response.writeHead(200, { 'docker-content-digest': DIGEST }).end()
        : response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end(),
    );
    const { ask } = aClientOf(server);

    const [mine, theirs, nobodys] = await Promise.all([
      ask([CREDENTIAL]),
      ask([{ ...CREDENTIAL, password: 'wrong' }]),
      ask(),
    ]);

    expect(mine).toEqual({ outcome: 'found', digest: DIGEST });
    expect([theirs, nobodys]).toMatchObject([{ outcome: 'unavailable' }, { outcome: 'unavailable' }]);
  });

  it('ends as unavailable when the client is closed', async () => {
    const server = await aServer(() => undefined);
    const { ask, registry } = aClientOf(server);
    const asked = ask();

    await eventually(() => server.requests.length === 1, { what: 'the request' });
    registry.close();

    expect(await asked).toMatchObject({
      outcome: 'unavailable',
      message: expect.stringContaining('is stopping'),
    });
  });

  it.each(['../../secret', 'a b', '', '-x', 'x'.repeat(129)])(
    'for the impossible tag "%s" is not sent',
    async (tag) => {
      const server = await aServer(answers(200, { 'docker-content-digest': DIGEST }));
      const { registry } = aClientOf(server);

      const repository = { host: server.host, path: 'team/app' };
      const confirmation = await registry.confirm({ repository, tag, credentials: async () => [] });

      expect(confirmation).toMatchObject({ outcome: 'missing' });
      expect(server.requests).toEqual([]);
    },
  );
});
