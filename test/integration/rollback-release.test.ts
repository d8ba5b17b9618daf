import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { z } from 'zod';
import type { UpdateRequest } from '../../src/core/update-request.ts';
import { accessControlPlane } from '../parts/control-plane-access.ts';
import { eventually } from '../parts/eventually.ts';
import { fluxObject, fluxPath, installFluxCrds } from '../parts/flux-crds.ts';
import { startScriptedServer, type ScriptedServer } from '../parts/scripted-server.ts';
import { requestsFor } from '../parts/workload-views.ts';
import { openWorld, requestsWhen, type World } from '../parts/world.ts';

const Release = z.object({
  metadata: z.object({ generation: z.number() }),
  spec: z.object({ chart: z.object({ spec: z.object({ version: z.string() }) }) }),
});
const VERIFIED = {
  policy: 'minor',
  'require-approval': 'false',
  'min-update-interval': '0',
  'auto-rollback': 'true',
  'health-check-retries': '1',
};

let world: World;
let charts: ScriptedServer;

beforeAll(async () => {
  const facts = inject('controlPlane');
  await installFluxCrds(accessControlPlane(facts));
  charts = await startScriptedServer((_request, response) => {
    const versions = ['1.0.0', '1.1.0'].map((version) => ({ name: 'web', version, urls: ['x'] }));
    response.writeHead(200, { 'content-type': 'application/x-yaml' });
    response.end(JSON.stringify({ apiVersion: 'v1', entries: { web: versions } }));
  });
  world = await openWorld(facts, { narrow: true });
  const repository = fluxObject('HelmRepository', {
    name: 'charts',
    spec: { url: charts.url, interval: '1h' },
  });
  await world.api.expectOk('POST', fluxPath('HelmRepository', world.namespace), repository);
});
afterAll(async () => {
  await world.close();
  await charts.stop();
});

const pathOf = (name: string): string => `${fluxPath('HelmRelease', world.namespace)}/${name}`;
const read = async (name: string): Promise<z.infer<typeof Release>> =>
  Release.parse(await world.api.expectOk('GET', pathOf(name)));

async function aRelease(name: string): Promise<void> {
  const sourceRef = { kind: 'HelmRepository', name: 'charts' };
  const spec = { interval: '1h', chart: { spec: { chart: 'web', version: '1.0.0', sourceRef } } };
  const object = fluxObject('HelmRelease', { name, spec, annotations: VERIFIED });
  await world.api.expectOk('POST', fluxPath('HelmRelease', world.namespace), object);
}

/** Waits until the release wants this version, and says of it what Flux would say. */
async function fluxSays(name: string, version: string, status: 'True' | 'False'): Promise<void> {
  const { metadata } = await eventually(
    async () => {
      const release = await read(name);
      if (release.spec.chart.spec.version === version) return release;
      throw new Error(release.spec.chart.spec.version);
    },
    { what: `${name} wants ${version}`, timeoutMs: 30_000 },
  );
  const reason = status === 'True' ? 'UpgradeSucceeded' : 'UpgradeFailed';
  const ready = {
    type: 'Ready',
    status,
    reason,
    message: 'says the test',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  const body = {
    status: {
      observedGeneration: metadata.generation,
      lastAttemptedRevision: version,
      conditions: [ready],
    },
  };
  await world.api.expectOk('PATCH', `${pathOf(name)}/status`, body, 'application/merge-patch+json');
}

async function storyIs(name: string, ...story: readonly string[]): Promise<readonly UpdateRequest[]> {
  const told = (requests: readonly UpdateRequest[]): string =>
    requestsFor(requests, name)
      .map(({ spec, status }) => `${spec.newImage} ${status.phase} ${status.verification?.outcome ?? '-'}`)
      .sort()
      .join();
  const wanted = [...story].sort().join();
  const requests = await requestsWhen(world, `${name}: ${wanted}`, (all) => told(all) === wanted, 60_000);
  return requestsFor(requests, name);
}

it('a chart whose upgrade fails is taken back', async () => {
  await aRelease('bad');
  await fluxSays('bad', '1.1.0', 'False');
  const requests = await storyIs('bad', 'web:1.1.0 RolledBack RollingBack', 'web:1.0.0 Completed -');
  expect((await read('bad')).spec.chart.spec.version).toBe('1.0.0');
  expect(requests.find(({ spec }) => spec.rollback === true)?.spec).toMatchObject({
    updateType: 'helmChart',
    reason: 'UpgradeFailed: says the test',
  });
});

it('a chart whose upgrade goes well stays', async () => {
  await aRelease('good');
  await fluxSays('good', '1.1.0', 'True');
  expect(await storyIs('good', 'web:1.1.0 Completed Healthy')).toHaveLength(1);
});
