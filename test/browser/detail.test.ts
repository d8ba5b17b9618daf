import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { barriers, LOOKS, startBrowser, sticksOut, type Browsing } from '../parts/browser.ts';
import { putUpdates } from '../parts/dashboard.ts';
import { knownTo, theRequestFor } from '../parts/workload-views.ts';
import { openWorld, workloadOf, type World } from '../parts/world.ts';

let world: World;
let browser: Browsing;

beforeAll(async () => {
  world = await openWorld(inject('controlPlane'), { narrow: true });
  browser = await startBrowser(world.headwind().urls.ui);
});
afterAll(async () => {
  await browser.close();
  await world.close();
});

describe('one request', () => {
  it('is told as a story, and approved by a key; what follows comes in by itself', async () => {
    const images = { app: `${world.registry.host}/story:1.0.0` };
    await world.create('deployments', workloadOf('Deployment', { name: 'story', images }));
    await knownTo(world, 'story');
    await world.registry.pushImage({ repository: 'story', tag: '1.1.0' });
    const { metadata } = await theRequestFor(world, 'story');
    await browser.using(`/updates/${world.namespace}/${metadata.name}`, {}, async (page) => {
      const story = page.getByRole('list').filter({ hasText: 'Told by a webhook' });
      await story.getByText('Verified by the registry').waitFor();
      await page.keyboard.press('a');
      await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
      await story.getByText('Workload patched').waitFor();
      expect(await story.innerText()).toContain('Approved by');
      expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
      await page.getByText('YAML', { exact: true }).click();
      expect(await page.locator('pre').innerText()).toContain('kind: UpdateRequest');
      expect(await barriers(page)).toEqual([]);
      await page.getByRole('link', { name: 'story', exact: true }).click();
      await page.waitForURL(/\/workloads\/Deployment\/.*\/story$/);
    });
  });

  it.each(LOOKS)('fits in $theme at $width px', async (look) => {
    const name = `fits-${look.theme}-${look.width}`;
    await putUpdates(world, [{ name, spec: { reason: 'New version available' } }]);
    await browser.using(`/updates/${world.namespace}/${name}-1`, look, async (page) => {
      await page.getByRole('heading', { name }).waitFor();
      expect([...(await barriers(page)), ...(await sticksOut(page))]).toEqual([]);
    });
  });

  it('that is not there is said not to be', async () => {
    await browser.using(`/updates/${world.namespace}/nobody`, {}, async (page) => {
      await page.getByRole('heading', { name: 'There is no such thing' }).waitFor();
      expect(await barriers(page)).toEqual([]);
    });
  });
});
