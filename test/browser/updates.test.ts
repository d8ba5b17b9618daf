import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { barriers, LOOKS, settled, startBrowser, sticksOut, type Browsing } from '../parts/browser.ts';
import { putUpdates } from '../parts/dashboard.ts';
import { decide, knownTo, theRequestFor } from '../parts/workload-views.ts';
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
/** What keeps those out who need other means than a mouse and a big screen. */
async function misfits(page: Page): Promise<readonly string[]> {
  return [...(await barriers(page)), ...(await sticksOut(page))];
}

/** A workload that runs 1.0.0, and the request for 1.1.0 that a push to the real registry has caused. */
async function pushed(name: string): Promise<string> {
  const images = { app: `${world.registry.host}/${name}:1.0.0` };
  await world.create('deployments', workloadOf('Deployment', { name, images }));
  await knownTo(world, name);
  await world.registry.pushImage({ repository: name, tag: '1.1.0' });
  return (await theRequestFor(world, name)).metadata.name;
}

/** The names of the workloads that the table shows, in order. */
async function rowsOf(page: Page): Promise<readonly string[]> {
  return page.locator('tbody .row-link').allTextContents();
}

async function rowsWhen(page: Page, names: readonly string[]): Promise<void> {
  await expect.poll(() => rowsOf(page), { timeout: 10_000 }).toEqual(names);
}

describe('where there is nothing yet', () => {
  it.each(LOOKS)('the page says so, in $theme at $width px', async (look) => {
    await browser.using('/', look, async (page) => {
      await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor();
      expect(await misfits(page)).toEqual([]);
    });
  });

  it('the first load is small, and everything comes from here', async () => {
    await browser.using('/', {}, async (page) => {
      const sizes = await page.evaluate<readonly { name: string; bytes: number }[]>(
        `performance.getEntriesByType('resource').map(({ name, encodedBodySize }) => ({ name, bytes: encodedBodySize }))`,
      );
      const sum = (ending: string): number =>
        sizes.filter(({ name }) => name.endsWith(ending)).reduce((all, { bytes }) => all + bytes, 0);
      expect(sum('.js')).toBeGreaterThan(0);
      expect(sum('.js')).toBeLessThan(60_000);
      expect(sum('.css')).toBeLessThan(10_000);
    });
  });
});

describe('one update', () => {
  it('is approved after a last look, and applied', async () => {
    await pushed('approved');
    await browser.using('/?q=approved', {}, async (page) => {
      await page.getByRole('button', { name: /^Approve approved-/ }).click();
      const dialog = page.getByRole('dialog', { name: 'Approve this update?' });
      expect(await dialog.innerText()).toContain('1.1.0');
      expect(await barriers(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Approve' }).click();
      await page.getByRole('status').filter({ hasText: 'applied' }).waitFor();
      await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
      expect(await world.images('deployments', 'approved')).toEqual({
        app: `${world.registry.host}/approved:1.1.0`,
      });
    });
  });

  it('is rejected with a reason, which is kept', async () => {
    const name = await pushed('rejected');
    await browser.using('/?q=rejected', {}, async (page) => {
      await page.getByRole('button', { name: `Reject ${name}` }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Reason (optional)').fill('not on a Friday');
      await dialog.getByRole('button', { name: 'Reject' }).click();
      await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
      const { status } = await theRequestFor(world, 'rejected');
      expect(status).toMatchObject({ phase: 'Rejected', message: 'not on a Friday' });
    });
  });

  it('that somebody else was faster with says who, and what they did', async () => {
    const name = await pushed('contested');
    await browser.using('/?q=contested', {}, async (page) => {
      await page.getByLabel('Auto-refresh').click();
      await decide(world, 'approve', name, { approver: 'alice' });
      await page.getByRole('button', { name: `Approve ${name}` }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
      await page
        .getByRole('status')
        .filter({ hasText: 'contested: alice approved this just now.' })
        .waitFor();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
      expect(await rowsOf(page)).toEqual([]);
    });
  });
});

describe('by keys alone', () => {
  it('one goes through the rows, looks, selects and approves', async () => {
    await putUpdates(world, [{ name: 'keys-a' }, { name: 'keys-b' }]);
    await pushed('keys-c');
    await browser.using('/?q=keys&sort=resource', {}, async (page) => {
      await rowsWhen(page, ['keys-a', 'keys-b', 'keys-c']);
      await page.keyboard.press('j');
      await page.keyboard.press('x');
      await page.getByText('1 selected').waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('a');
      await page.getByRole('dialog', { name: 'Approve this update?' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.keyboard.press('a');
      const dialog = page.getByRole('dialog');
      await dialog.waitFor();
      // What does no harm comes first.
      await expect.poll(() => page.locator(':focus').innerText()).toBe('Cancel');
      await page.keyboard.press('Tab');
      await expect.poll(() => page.locator(':focus').innerText()).toBe('Approve');
      await page.keyboard.press('Enter');
      await rowsWhen(page, ['keys-a', 'keys-b']);
      await page.keyboard.press('k');
      await page.keyboard.press('o');
      await page.waitForURL(/\/updates\/.*\/keys-[ab]/);
      await page.getByRole('button', { name: 'Reject' }).waitFor();
      await settled(page);
      await page.keyboard.press('r');
      await page.getByRole('dialog', { name: 'Reject this update?' }).waitFor();
    });
  });

  it('one searches, gets help, goes to other pages, and anywhere by name', async () => {
    await browser.using('/', {}, async (page) => {
      await page.keyboard.press('/');
      await page.keyboard.type('keys-a');
      await rowsWhen(page, ['keys-a']);
      expect(new URL(page.url()).search).toBe('?q=keys-a');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
      expect(await help.innerText()).toContain('Next row');
      expect(await barriers(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.keyboard.press('g');
      await page.keyboard.press('w');
      await page.getByRole('heading', { name: 'Workloads', exact: true }).waitFor();
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: /Page, workload/ }).fill('keys-b');
      await page.getByRole('option', { name: /keys-b-1/ }).waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/updates\/.*\/keys-b-1$/);
    });
  });
});

describe('many updates', () => {
  const names = Array.from({ length: 125 }, (_, index) => `many-${String(index).padStart(3, '0')}`);

  beforeAll(async () => {
    await putUpdates(
      world,
      names.map((name, index) => ({
        name,
        ...(index === 0 ? { spec: { newImage: `registry.invalid/${name}:2.0.0`, policy: 'major' } } : {}),
      })),
    );
  });

  it('come in pages, and everything that narrows and orders them stands in the address', async () => {
    await browser.using('/?q=many&sort=resource', {}, async (page) => {
      await rowsWhen(page, names.slice(0, 20));
      await page.getByText('1–20 of 125').waitFor();
      await page.getByRole('button', { name: 'Next' }).click();
      await rowsWhen(page, names.slice(20, 40));
      await page.reload();
      await rowsWhen(page, names.slice(20, 40));
      await page.getByLabel('Policy').selectOption('major');
      await rowsWhen(page, ['many-000']);
      expect(new URL(page.url()).search).toBe('?policy=major&q=many&sort=resource');
      await page.goBack();
      await rowsWhen(page, names.slice(20, 40));
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await expect.poll(() => new URL(page.url()).search).toBe('?sort=resource');
    });
  });

  it.each(LOOKS)('fit in $theme at $width px', async (look) => {
    await browser.using('/?q=many', look, async (page) => {
      await page
        .getByRole('checkbox', { name: /^Select many-/ })
        .first()
        .check();
      await page.getByRole('region', { name: 'Selected updates' }).waitFor();
      expect(await misfits(page)).toEqual([]);
    });
  });

  it('of a long page, only those are drawn that can be seen', async () => {
    await browser.using('/?q=many&sort=resource&size=500', {}, async (page) => {
      await page.getByText('1–125 of 125').waitFor();
      await expect.poll(async () => (await rowsOf(page)).length).toBeLessThan(60);
      expect((await rowsOf(page))[0]).toBe('many-000');
      await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
      await expect.poll(async () => (await rowsOf(page)).at(-1)).toBe('many-124');
      expect((await rowsOf(page)).length).toBeLessThan(60);
      await page.keyboard.press('j');
      await expect.poll(() => page.locator('tr[aria-current]').getAttribute('aria-rowindex')).toBe('2');
      for (let step = 0; step < 40; step += 1) await page.keyboard.press('j');
      await expect.poll(() => page.locator('tr[aria-current] .row-link').innerText()).toBe('many-040');
      await expect.poll(() => page.locator(':focus').innerText()).toBe('many-040');
    });
  });

  it('are decided about together, with care and with what came of each', async () => {
    await browser.using('/?q=many&sort=resource', {}, async (page) => {
      await page.getByLabel('Select all pending on this page').check();
      await page.getByText('20 selected').waitFor();
      await page.getByRole('button', { name: 'Select all that match' }).click();
      await page.getByText('All 125 that match').waitFor();
      // One of them is decided by somebody else before.
      await decide(world, 'reject', 'many-007-1', { approver: 'bob' });
      await page
        .getByRole('region', { name: 'Selected updates' })
        .getByRole('button', { name: 'Reject' })
        .click();
      const dialog = page.getByRole('dialog', { name: 'Reject 125 updates' });
      await dialog.getByText('1 of them changes the major version').waitFor();
      const act = dialog.getByRole('button', { name: 'Reject all' });
      expect(await act.isDisabled()).toBe(true);
      await dialog.getByLabel('Reason (optional)').fill('freeze');
      await dialog.getByLabel(/^Type/).fill('reject 125');
      await expect.poll(() => act.isEnabled()).toBe(true);
      expect(await barriers(page)).toEqual([]);
      await act.click();
      await dialog.getByText('124 rejected, 1 not rejected').waitFor({ timeout: 30_000 });
      expect(await dialog.getByRole('list', { name: 'Not rejected' }).innerText()).toContain('many-007-1');
      expect(await barriers(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Close' }).click();
      await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
      expect((await theRequestFor(world, 'many-100')).status).toMatchObject({
        phase: 'Rejected',
        message: 'freeze',
      });
    });
  });
});

describe('what happens elsewhere', () => {
  it('comes in by itself, but moves no row under the pointer', async () => {
    // Newest first; of the same second, which is as exact as Kubernetes tells it, by name: the numbers count down.
    await putUpdates(world, [{ name: 'news-3' }]);
    await browser.using('/?q=news', {}, async (page) => {
      await rowsWhen(page, ['news-3']);
      await page.getByText('Live', { exact: true }).waitFor();
      await putUpdates(world, [{ name: 'news-2' }]);
      await rowsWhen(page, ['news-2', 'news-3']);
      await page.getByRole('link', { name: 'news-3' }).hover();
      await putUpdates(world, [{ name: 'news-1' }]);
      await decide(world, 'reject', 'news-2-1');
      await page.getByRole('button', { name: '1 new, 1 moved on · show' }).waitFor();
      await page.getByText('No longer in this list').waitFor();
      expect(await rowsOf(page)).toEqual(['news-2', 'news-3']);
      expect(await barriers(page)).toEqual([]);
      await page.getByRole('button', { name: '1 new, 1 moved on · show' }).click();
      await rowsWhen(page, ['news-1', 'news-3']);
    });
  });

  it('does not come in where somebody has switched that off, also after a reload', async () => {
    await browser.using('/?q=quiet', {}, async (page) => {
      await page.getByLabel('Auto-refresh').click();
      await page.reload();
      await settled(page);
      await page.getByText('Not refreshing').waitFor();
      await putUpdates(world, [{ name: 'quiet-1' }]);
      expect(await rowsOf(page)).toEqual([]);
      await page.getByLabel('Auto-refresh').click();
      await rowsWhen(page, ['quiet-1']);
    });
  });
});
