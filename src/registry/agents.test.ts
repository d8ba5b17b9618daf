import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeSelfSigned } from '../../test/parts/certificate.ts';
import { configOf } from '../../test/parts/registry-bench.ts';
import { systemClock } from '../system.ts';
import { createRegistry, type TagListing } from './client.ts';

/** A registry behind TLS on `localhost`, with a certificate that nobody knows, and that it hangs up now and then. */
async function aTlsRegistry(): Promise<{ readonly host: string; readonly ca: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'headwind-tls-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const { key, certificateFile } = await makeSelfSigned(directory, 'localhost');
  const ca = await readFile(certificateFile, 'utf8');
  let requests = 0;
  const server = createServer({ key, cert: ca }, (request, response) => {
    requests += 1;
    if (requests % 3 === 0) request.socket.destroy();
    else response.end('{"tags":["1.0"]}');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { host: `localhost:${typeof address === 'object' ? address?.port : ''}`, ca };
}

async function list(host: string, ca: Readonly<Record<string, string>>, times = 1): Promise<TagListing[]> {
  const registry = createRegistry({
    insecureHosts: [],
    config: configOf(Object.fromEntries(Object.entries(ca).map(([name, pem]) => [name, { ca: pem }]))),
    clock: systemClock,
    log: { debug: () => undefined, warn: () => undefined },
  });
  onTestFinished(() => registry.close());
  const listings: TagListing[] = [];
  for (let time = 0; time < times; time += 1)
    listings.push(
      await registry.listTags({ repository: { host, path: 'team/app' }, credentials: async () => [] }),
    );
  return listings;
}

it('a CA that is set for a host is trusted there, on kept connections and on fresh ones', async () => {
  const { host, ca } = await aTlsRegistry();

  const outcomes = (await list(host, { [host]: ca }, 6)).map(({ outcome }) => outcome);

  expect(outcomes).toEqual(Array.from({ length: 6 }, () => 'complete'));
});

it('a CA is not trusted for another host than the one it is set for', async () => {
  const { host, ca } = await aTlsRegistry();

  expect(await list(host, { 'localhost:1': ca })).toEqual([
    {
      outcome: 'unavailable',
      message: `${host} has a TLS certificate that is not trusted here (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    },
  ]);
});

it('a CA does not make a certificate good for another name', async () => {
  const { host, ca } = await aTlsRegistry();
  const other = host.replace('localhost', '127.0.0.1');

  expect(await list(other, { [other]: ca })).toMatchObject([
    { outcome: 'unavailable', message: expect.stringContaining('a TLS certificate for another name') },
  ]);
});
