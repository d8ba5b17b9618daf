import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { barriers, startBrowser, sticksOut, type Browsing } from '../parts/browser.ts';
import { freePorts } from '../parts/child.ts';
import { putUpdates } from '../parts/dashboard.ts';
import { eventually } from '../parts/eventually.ts';
import { applyManifest, readManifests } from '../parts/manifests.ts';
import { startHeadwind } from '../parts/program.ts';
import { openWorld, type World } from '../parts/world.ts';

const NARROW_DARK = { theme: 'dark', width: 360, touch: true } as const;

let world: World;
let browser: Browsing;

beforeAll(async () => {
  world = await openWorld(inject('controlPlane'), { narrow: true });
  for (const manifest of await readManifests('optional/roles.yaml')) await applyManifest(world.api, manifest);
  await putUpdates(world, [{ name: 'web' }]);
  await world.restart({ HEADWIND_UI_AUTH_MODE: 'token' });
  browser = await startBrowser(world.headwind().urls.ui);
});
afterAll(async () => {
  await browser.close();
  await world.close();
});

/** A service account with a role in the world's namespace; answers the header that it signs in by. */
async function person(name: string, role?: string): Promise<{ readonly authorization: string }> {
  const { api, namespace } = world;
  await api.expectOk('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
  if (role !== undefined)
    await api.expectOk('POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
  return { authorization: `Bearer ${await api.serviceAccountToken(namespace, name)}` };
}

describe('whoever looks at the page', () => {
  it('without being known signs in, comes back to where they were, and may sign out', async () => {
    const { authorization } = await person('comes-in', 'headwind-approver');
    await browser.using('/auth/sign-in?next=%2F%3Fq%3Dweb', {}, async (page) => {
      await page.getByLabel('Kubernetes token').fill(authorization.replace('Bearer ', ''));
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL((url) => url.search === '?q=web');
      // What this session proves itself by goes along.
      await page.getByRole('button', { name: 'Reject web-1' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
      await page.getByText(`system:serviceaccount:${world.namespace}:comes-in`).waitFor();
      await page.getByRole('link', { name: 'Workloads' }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForURL(/\/auth\/sign-in\?next=%2Fworkloads$/);
      await page.goto(world.headwind().urls.ui);
      expect(new URL(page.url()).pathname).toBe('/auth/sign-in');
    });
  });

  it('without the right to decide sees everything, and why they may not', async () => {
    const headers = await person('looks-on', 'headwind-viewer');
    await browser.using('/', { headers }, async (page) => {
      const approve = page.getByRole('button', { name: 'Approve web-1' });
      await expect.poll(() => approve.getAttribute('aria-disabled')).toBe('true');
      expect(await approve.getAttribute('title')).toContain('takes the verb approve');
      await approve.click({ force: true });
      await page.getByRole('status').filter({ hasText: 'You may not approve' }).waitFor();
      expect(await page.getByRole('dialog').count()).toBe(0);
      expect(await barriers(page)).toEqual([]);
      await page.goto(`${world.headwind().urls.ui}/workloads/Deployment/${world.namespace}/web`);
      const pause = page.getByRole('button', { name: 'Pause' });
      await expect.poll(() => pause.getAttribute('aria-disabled')).toBe('true');
    });
  });

  it('without any right is told that they see only what they may', async () => {
    const headers = await person('stranger');
    await browser.using('/', { headers, ...NARROW_DARK }, async (page) => {
      await page.getByText('You see the namespaces in which you may list').waitFor();
      expect([...(await barriers(page)), ...(await sticksOut(page))]).toEqual([]);
    });
    await browser.using(`/updates/${world.namespace}/web-1`, { headers }, async (page) => {
      await page.getByRole('heading', { name: 'You may not see this' }).waitFor();
      expect(await barriers(page)).toEqual([]);
    });
  });
});

describe('where something is missing', () => {
  it('a page whose Headwind is gone keeps what it shows and says so, and goes on when it is back', async () => {
    await world.restart({ HEADWIND_UI_AUTH_MODE: 'none' });
    // That nobody answered for a while stands in the console, and has to.
    const look = { tolerates: /net::ERR_/ };
    await browser.using('/', look, async (page) => {
      await page.getByText('Live', { exact: true }).waitFor();
      await world.headwind().stop();
      await page.getByText('Reconnecting').waitFor();
      await page.getByLabel('Order').selectOption('created');
      await page.getByRole('heading', { name: 'Headwind cannot be reached' }).waitFor();
      expect(await barriers(page)).toEqual([]);
      await world.restart({ HEADWIND_UI_AUTH_MODE: 'none' });
      await page.getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
      await page.getByRole('link', { name: 'web', exact: true }).waitFor();
    });
  });

  it('a page of a Headwind without a cluster does not say that there is nothing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'headwind-no-cluster-'));
    const [nowhere = 0] = await freePorts(1);
    const kubeconfig = join(directory, 'kubeconfig');
    const config = world.api.kubeconfigFor('nobody');
    await writeFile(kubeconfig, config.replace(inject('controlPlane').url, `https://127.0.0.1:${nowhere}`));
    const lost = await startHeadwind({ env: { KUBECONFIG: kubeconfig }, waitUntilReady: false });
    const without = await startBrowser(lost.urls.ui);
    try {
      await eventually(async () => (await fetch(`${lost.urls.ui}/livez`)).ok, { what: 'it serves' });
      for (const path of ['/', '/workloads'])
        await without.using(path, {}, async (page) => {
          await page.getByRole('heading', { name: 'Headwind is still reading the cluster' }).waitFor();
          expect(await barriers(page)).toEqual([]);
        });
    } finally {
      await without.close();
      await lost.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });
});
