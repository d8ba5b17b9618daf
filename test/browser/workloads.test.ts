import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import type { UpdateRequest } from '../../src/core/update-request.ts';
import { barriers, LOOKS, startBrowser, sticksOut, type Browsing } from '../parts/browser.ts';
import { eventually } from '../parts/eventually.ts';
import { decide, knownTo, theRequestFor } from '../parts/workload-views.ts';
import { openWorld, requestsWhen, workloadOf, type World } from '../parts/world.ts';

const Events = z.object({
  items: z.array(
    z.object({ reason: z.string(), message: z.string(), involvedObject: z.object({ name: z.string() }) }),
  ),
});

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

async function create(name: string, annotations: Readonly<Record<string, string>> = {}): Promise<void> {
  const images = { app: `${world.registry.host}/${name}:1.0.0` };
  await world.create('deployments', workloadOf('Deployment', { name, images, annotations }));
}

function pageOf(name: string): string {
  return `/workloads/Deployment/${world.namespace}/${name}`;
}

/** What keeps those out who need other means than a mouse and a big screen. */
async function misfits(page: Page): Promise<readonly string[]> {
  return [...(await barriers(page)), ...(await sticksOut(page))];
}

async function reasonsOfEvents(name: string): Promise<readonly string[]> {
  const all = await world.api.expectOk('GET', `/api/v1/namespaces/${world.namespace}/events`);
  return Events.parse(all)
    .items.filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ reason, message }) => `${reason}: ${message}`);
}

describe('where nothing is followed', () => {
  it.each(LOOKS)('the page says how that begins, in $theme at $width px', async (look) => {
    await browser.using('/workloads', look, async (page) => {
      await page.getByRole('heading', { name: 'Headwind follows nothing yet' }).waitFor();
      expect(await misfits(page)).toEqual([]);
    });
  });
});

describe('the workloads', () => {
  beforeAll(async () => {
    const now = new Date().toISOString();
    await create('list-waiting', { 'require-approval': 'false', 'last-update': now });
    await create('list-paused', { paused: 'true' });
    await create('list-invalid', { policy: 'sometimes' });
    await create('list-none', { policy: 'none' });
    await create('list-open');
    await create('list-quiet');
    await knownTo(
      world,
      'list-open',
      'list-none',
      'list-invalid',
      'list-paused',
      'list-waiting',
      'list-quiet',
    );
    await world.registry.pushImage({ repository: 'list-open', tag: '1.1.0' });
    await theRequestFor(world, 'list-open');
  });

  it('are told with how each stands, why, and until when', async () => {
    await browser.using('/workloads?q=list', {}, async (page) => {
      const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('link', { name }) });
      for (const [name, text] of [
        ['list-paused', 'Paused'],
        ['list-invalid', 'An annotation cannot be read'],
        ['list-none', 'The policy is none'],
        ['list-open', 'Update open'],
        ['list-quiet', 'No news yet'],
        ['list-waiting', 'Too soon after the last update'],
      ] as const)
        expect(await row(name).innerText()).toContain(text);
      expect(await row('list-waiting').innerText()).toMatch(/lifts\s+in \d+ min, at \d\d:\d\d/);
    });
  });

  it('are narrowed by what presses, and ordered, in the address', async () => {
    await browser.using('/workloads', {}, async (page) => {
      await page.getByRole('list', { name: 'Workloads by state' }).getByText('Paused').click();
      await expect.poll(() => page.locator('tbody .row-link').allTextContents()).toEqual(['list-paused']);
      expect(new URL(page.url()).search).toBe('?state=paused');
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await page.getByLabel('Order').selectOption('state');
      await expect
        .poll(async () => (await page.locator('tbody .row-link').allTextContents())[0])
        .toBe('list-invalid');
      await page.keyboard.press('Escape');
      await page.locator('body').click();
      await page.keyboard.press('j');
      await page.keyboard.press('o');
      await page.waitForURL(/\/workloads\/Deployment\/.*\/list-invalid$/);
      await page.getByText('headwind.sh/policy: "sometimes" is not').waitFor();
    });
  });

  it.each(LOOKS)('fit in $theme at $width px', async (look) => {
    await browser.using('/workloads', look, async (page) => {
      await page.getByRole('link', { name: 'list-open' }).waitFor();
      expect(await misfits(page)).toEqual([]);
    });
  });
});

describe('one workload', () => {
  it('is paused and goes on, with a reason, by whoever looks at it', async () => {
    await create('still');
    await knownTo(world, 'still');
    await browser.using(pageOf('still'), {}, async (page) => {
      await page.getByRole('button', { name: 'Pause' }).click();
      const pausing = page.getByRole('dialog', { name: 'Pause still?' });
      await pausing.getByLabel('Reason (optional)').fill('sale');
      expect(await barriers(page)).toEqual([]);
      await pausing.getByRole('button', { name: 'Pause' }).click();
      await page.getByRole('button', { name: 'Resume' }).waitFor();
      expect(await world.annotations('deployments', 'still')).toMatchObject({ 'headwind.sh/paused': 'true' });
      await page.getByRole('button', { name: 'Resume' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
      await page.getByRole('button', { name: 'Pause' }).waitFor();
      expect(await world.annotations('deployments', 'still')).not.toHaveProperty(['headwind.sh/paused']);
    });
    await eventually(
      async () => {
        const told = (await reasonsOfEvents('still')).join('\n');
        return told.includes('WorkloadPaused') && told.includes('sale') && told.includes('WorkloadResumed');
      },
      { what: 'Events tell of the pause and its end' },
    );
    const audited = world
      .headwind()
      .logs()
      .filter(({ target }) => target === 'headwind::audit')
      .map(
        ({ fields }) => `${String(fields['action'])} ${String(fields['name'])} ${String(fields['result'])}`,
      );
    expect(audited).toEqual(['pause still success', 'resume still success']);
  });

  it('that is paused elsewhere shows it by itself', async () => {
    await create('elsewhere');
    await knownTo(world, 'elsewhere');
    await browser.using(pageOf('elsewhere'), {}, async (page) => {
      await page.getByText('No news yet').waitFor();
      await world.registry.pushImage({ repository: 'elsewhere', tag: '1.1.0' });
      await page.getByRole('link', { name: 'update open →' }).waitFor();
      expect(await page.getByRole('heading', { name: /elsewhere 1.0.0/ }).count()).toBe(1);
    });
  });

  describe('that was updated twice', () => {
    beforeAll(async () => {
      await create('past', { 'min-update-interval': '0' });
      await knownTo(world, 'past');
      for (const tag of ['1.1.0', '1.2.0']) {
        await world.registry.pushImage({ repository: 'past', tag });
        const isIt = ({ spec }: UpdateRequest): boolean =>
          spec.targetRef.name === 'past' && spec.newImage.endsWith(tag);
        const requests = await requestsWhen(world, `a request for ${tag}`, (all) => all.some(isIt));
        const answer = await decide(world, 'approve', requests.find(isIt)?.metadata.name ?? '', {
          approver: 'alice',
        });
        if (answer.status !== 200) throw new Error(`it was not approved: ${JSON.stringify(answer.body)}`);
      }
    });

    it.each(LOOKS)('shows what it ran, and fits in $theme at $width px', async (look) => {
      await browser.using(pageOf('past'), look, async (page) => {
        await page.getByText('runs now').waitFor();
        expect(await page.locator('.story strong').allTextContents()).toEqual(['1.2.0', '1.1.0', '1.0.0']);
        expect(await misfits(page)).toEqual([]);
      });
    });

    it('goes back to any version: first it is said what that does, then it is done, and the hold can be cleared', async () => {
      await browser.using(pageOf('past'), {}, async (page) => {
        await page.getByRole('button', { name: 'Roll back to 1.0.0, 2 before what runs' }).click();
        const dialog = page.getByRole('dialog', { name: 'Roll back past?' });
        await dialog.getByText('Takes back, and holds').waitFor();
        const said = await dialog.innerText();
        expect(said).toContain(`${world.registry.host}/past:1.2.0`);
        expect(said).toContain(`${world.registry.host}/past:1.0.0`);
        expect(await barriers(page)).toEqual([]);
        expect(await world.images('deployments', 'past')).toEqual({
          app: `${world.registry.host}/past:1.2.0`,
        });
        await dialog.getByLabel('Reason (optional)').fill('slow');
        await dialog.getByRole('button', { name: 'Roll back' }).click();
        await page.getByText('Rollback successful').waitFor();
        expect(await world.images('deployments', 'past')).toEqual({
          app: `${world.registry.host}/past:1.0.0`,
        });

        await page.getByRole('button', { name: 'Clear the hold on 1.2.0' }).click();
        const clearing = page.getByRole('dialog', { name: 'Clear the hold on 1.2.0?' });
        await clearing.getByRole('button', { name: 'Clear the hold' }).click();
        await page.getByText('may be proposed again').waitFor();
        await page.getByRole('button', { name: 'Clear the hold on 1.2.0' }).waitFor({ state: 'detached' });
      });
    });

    it('says why a rollback cannot be, before anything is done', async () => {
      await browser.using(pageOf('past'), {}, async (page) => {
        await page
          .getByRole('button', { name: /^Roll back to 1.0.0/ })
          .last()
          .click();
        const dialog = page.getByRole('dialog');
        await dialog.getByRole('alert').filter({ hasText: 'already' }).waitFor();
        expect(await dialog.getByRole('button', { name: 'Roll back' }).isDisabled()).toBe(true);
      });
    });
  });

  it('that is not there is said not to be', async () => {
    await browser.using(pageOf('nobody'), {}, async (page) => {
      await page.getByRole('heading', { name: 'There is no such thing' }).waitFor();
      expect(await misfits(page)).toEqual([]);
    });
  });
});
