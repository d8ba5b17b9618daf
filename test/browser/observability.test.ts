import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { barriers, LOOKS, startBrowser, sticksOut, type Browsing } from '../parts/browser.ts';
import { freePorts } from '../parts/child.ts';
import { eventually } from '../parts/eventually.ts';
import { applyManifest, readManifests } from '../parts/manifests.ts';
import { startPrometheus, type MetricsBackend } from '../parts/metrics-backends.ts';
import { bugsIn, decide, knownTo, theRequestFor } from '../parts/workload-views.ts';
import { openWorld, workloadOf, type World } from '../parts/world.ts';

/** A backend that failed is asked again after a minute. */
const ASKED_AGAIN_MS = 90_000;
const WORKLOADS = ['web', 'app', 'job', 'tool'];
const CLUSTER_ROLE_BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';

let world: World;
let browser: Browsing;
let directory: string;
let port = 0;
let prometheus: MetricsBackend | undefined;

beforeAll(async () => {
  [port = 0] = await freePorts(1);
  directory = await mkdtemp(join(tmpdir(), 'headwind-observability-page-'));
  await writeFile(join(directory, 'settings.yaml'), 'refresh_interval: 5\n');
  world = await openWorld(inject('controlPlane'), {
    narrow: true,
    env: {
      HEADWIND_PROMETHEUS_URL: `http://127.0.0.1:${port}`,
      // Nobody listens there.
      HEADWIND_VICTORIAMETRICS_URL: 'http://127.0.0.1:1',
      HEADWIND_CONFIG_FILE: join(directory, 'settings.yaml'),
    },
  });
  for (const manifest of await readManifests('optional/roles.yaml')) await applyManifest(world.api, manifest);
  browser = await startBrowser(world.headwind().urls.ui);
  for (const name of WORKLOADS) {
    const images = { app: `${world.registry.host}/${name}:1.0.0` };
    await world.create('deployments', workloadOf('Deployment', { name, images }));
  }
  await knownTo(world, ...WORKLOADS);
  await happens('web', 'approve');
  await happens('app', 'reject');
});
afterAll(async () => {
  await browser.close();
  for (const name of ['sees-all', 'sees-one'])
    await world.api.request('DELETE', `${CLUSTER_ROLE_BINDINGS}/${world.namespace}-${name}`);
  await world.close();
  await prometheus?.remove();
  await rm(directory, { recursive: true, force: true });
});

/** A version is pushed, and somebody decides. */
async function happens(name: string, verb: 'approve' | 'reject'): Promise<void> {
  await world.registry.pushImage({ repository: name, tag: '1.1.0' });
  const { metadata } = await theRequestFor(world, name, { phase: 'Pending' });
  await decide(world, verb, metadata.name, { reason: 'Not now' });
  await theRequestFor(world, name, { phase: verb === 'approve' ? 'Completed' : 'Rejected' });
}

/** Prometheus runs, and has read what happened. */
async function startScraping(): Promise<MetricsBackend> {
  const { host } = new URL(world.headwind().urls.metrics);
  prometheus = await startPrometheus({ port, target: host });
  await prometheus.knows('headwind_updates_applied_total');
  return prometheus;
}

function banner(page: Page): Locator {
  return page.getByRole('region', { name: 'Where the charts come from' });
}

/** What the legend of a chart says, such as `Applied 1`. */
async function legendOf(page: Page, title: string): Promise<readonly string[]> {
  const texts = await page
    .getByRole('list', { name: `Lines of ${title}` })
    .getByRole('button')
    .allInnerTexts();
  return texts.map((text) => text.replaceAll(/\s+/g, ' ').trim());
}

/** What the cards say, such as `1 Applied last 1 h`. */
async function cardsOf(page: Page, title: string): Promise<readonly string[]> {
  const texts = await page.getByRole('region', { name: title }).getByRole('link').allInnerTexts();
  return texts.map((text) => text.replaceAll(/\s+/g, ' ').trim());
}

const COUNT_DRAWN = `[...document.querySelectorAll('canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Set();
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] === 255) colours.add(data[at] + ',' + data[at + 1] + ',' + data[at + 2]);
  return colours.size;
})`;

/** How many colours are on each canvas; one that was not drawn has none. */
async function drawn(page: Page): Promise<readonly number[]> {
  return z.array(z.number()).parse(await page.evaluate(COUNT_DRAWN));
}

async function allAreDrawn(page: Page): Promise<void> {
  await expect.poll(async () => (await drawn(page)).filter((colours) => colours > 1).length).toBe(8);
}

async function misfits(page: Page): Promise<readonly string[]> {
  return [...(await barriers(page)), ...(await sticksOut(page))];
}

/** The last values of a chart, as its table has them, opened by the keyboard. */
async function valuesOf(page: Page, title: string): Promise<readonly string[]> {
  const summary = page.locator('summary', { hasText: `of ${title} as a table` });
  await summary.focus();
  await page.keyboard.press('Enter');
  const rows = page.getByRole('region', { name: `${title} as a table` }).locator('tbody tr');
  await rows.first().waitFor();
  const texts = await rows.locator('td').allInnerTexts();
  await summary.focus();
  await page.keyboard.press('Enter');
  return texts;
}

describe('where nobody else has metrics', () => {
  it('the page tells what the process itself remembers, and whom it could not ask', async () => {
    await browser.using('/observability', {}, async (page) => {
      await banner(page).getByText('No backend has metrics of Headwind.').waitFor();
      const text = await banner(page).innerText();
      expect(text).toContain(`Prometheus at http://127.0.0.1:${port} refuses connections.`);
      expect(text).toContain('keeps six hours, and forgets them when it ends');
      expect(await cardsOf(page, 'Resources watched in numbers')).toContain('4 Deployments now');
      expect(await cardsOf(page, 'Updates in numbers')).toEqual([
        '0 Pending now',
        '1 Approved last 1 h',
        '1 Applied last 1 h',
        '0 Failed last 1 h',
        '1 Rejected last 1 h',
      ]);
      expect(await legendOf(page, 'Updates')).toEqual(['Approved 1', 'Applied 1', 'Failed 0', 'Rejected 1']);
      await allAreDrawn(page);
      const inSteps = await valuesOf(page, 'Updates');
      expect(inSteps.filter((value) => value === '1')).toHaveLength(3);
    });
  });
});

describe('with a Prometheus', () => {
  beforeAll(async () => {
    // What was found out about the backends is forgotten; this process is read from its beginning.
    await world.restart();
    await startScraping();
    await knownTo(world, ...WORKLOADS);
    await happens('job', 'approve');
    await happens('tool', 'reject');
    await eventually(
      async () => {
        const answer = await fetch(
          `${world.headwind().urls.ui}/api/v1/metrics/timeseries/headwind_updates_rejected_total?range=1h`,
        );
        const steps = z.array(z.object({ value: z.number() })).parse(await answer.json());
        return steps.reduce((sum, { value }) => sum + value, 0) === 1;
      },
      { what: 'Prometheus tells of both decisions', timeoutMs: 60_000, everyMs: 500 },
    );
  });

  it('the page shows its numbers, and moves on by itself', async () => {
    await browser.using('/observability?range=1h', {}, async (page) => {
      await banner(page).getByText('It is the first that has metrics of Headwind.').waitFor();
      expect(await banner(page).innerText()).toContain(`It is at http://127.0.0.1:${port}.`);
      await expect
        .poll(() => legendOf(page, 'Updates'), { timeout: 40_000 })
        .toEqual(['Approved 1', 'Applied 1', 'Failed 0', 'Rejected 1']);
      expect(await legendOf(page, 'Resources watched')).toContain('Deployments 4');
      expect(await page.getByRole('img', { name: /^Chart of Updates; in the last hour/ }).count()).toBe(1);
      await allAreDrawn(page);
      const images = { app: `${world.registry.host}/late:1.0.0` };
      await world.create('deployments', workloadOf('Deployment', { name: 'late', images }));
      await expect
        .poll(() => cardsOf(page, 'Resources watched in numbers'), { timeout: 40_000 })
        .toContain('5 Deployments now');
    });
  });

  it('a range stands in the address, is gone back from, and one that there is not is said not to be', async () => {
    await browser.using('/observability', {}, async (page) => {
      const button = (range: string) => page.getByRole('button', { name: range, exact: true });
      expect(await button('24h').getAttribute('aria-pressed')).toBe('true');
      await button('7d').click();
      await page.waitForURL(/\/observability\?range=7d$/);
      await page.getByText('in the last 7 days, in steps of 1 h').first().waitFor();
      await page.reload();
      await expect.poll(() => button('7d').getAttribute('aria-pressed')).toBe('true');
      await page.goBack();
      await page.getByText('in the last 24 hours, in steps of 10 min').first().waitFor();
      await page.goto(`${world.headwind().urls.ui}/observability?range=2h`);
      await page.getByText('range "2h" is none of 1h, 6h, 24h, 7d, 30d.').waitFor();
    });
  });

  it('everything is done by keys alone', async () => {
    await browser.using('/', {}, async (page) => {
      await page.keyboard.press('g');
      await page.keyboard.press('o');
      await page.waitForURL(/\/observability$/);
      const hour = page.getByRole('button', { name: '1h', exact: true });
      await hour.focus();
      await page.keyboard.press('Enter');
      await page.waitForURL(/range=1h$/);
      await page.getByText('in the last hour, in steps of 1 min').first().waitFor();
      const line = page.getByRole('list', { name: 'Lines of Updates' }).getByRole('button').first();
      await line.focus();
      await page.keyboard.press('Space');
      expect(await line.getAttribute('aria-pressed')).toBe('false');
      await page.keyboard.press('Space');
      expect(await line.getAttribute('aria-pressed')).toBe('true');
      expect((await valuesOf(page, 'Updates')).filter((value) => value !== '0' && value !== '–')).not.toEqual(
        [],
      );
      expect(await barriers(page)).toEqual([]);
    });
  });

  it.each(LOOKS)('the page fits in $theme at $width px', async (look) => {
    await browser.using('/observability?range=6h', look, async (page) => {
      await banner(page).getByText('Prometheus', { exact: true }).waitFor();
      await allAreDrawn(page);
      await page.locator('summary').first().click();
      expect(await misfits(page)).toEqual([]);
    });
  });

  it('a moment that is pointed at is read off all charts', async () => {
    await browser.using('/observability?range=1h', {}, async (page) => {
      await allAreDrawn(page);
      await page.locator('canvas').first().hover();
      const readings = page.locator('.chart-reading');
      await expect
        .poll(async () => (await readings.allInnerTexts()).every((text) => /^\d\d:\d\d/.test(text)))
        .toBe(true);
    });
  });

  it(
    'a page that looks on while it ends and comes back says so, and goes on',
    async () => {
      await browser.using('/observability?range=1h', {}, async (page) => {
        await banner(page).getByText('It is the first that has metrics of Headwind.').waitFor();
        await prometheus?.stop();
        await banner(page)
          .getByText(`Prometheus at http://127.0.0.1:${port} refuses connections.`)
          .waitFor({ timeout: 40_000 });
        await banner(page).getByText('No backend has metrics of Headwind.').waitFor();
        // What the process knows itself stands in its place.
        expect(await legendOf(page, 'Updates')).toContain('Applied 1');
        await allAreDrawn(page);
        expect(await misfits(page)).toEqual([]);
        await prometheus?.remove();
        await startScraping();
        await banner(page)
          .getByText('It is the first that has metrics of Headwind.')
          .waitFor({ timeout: ASKED_AGAIN_MS });
        await expect.poll(() => legendOf(page, 'Resources watched')).toContain('Deployments 5');
        expect(await misfits(page)).toEqual([]);
      });
      expect(bugsIn(world)).toEqual([]);
    },
    2 * ASKED_AGAIN_MS,
  );
});

describe('whoever has to be known', () => {
  beforeAll(async () => {
    await world.restart({ HEADWIND_UI_AUTH_MODE: 'token' });
  });

  /** Somebody who may look at update requests: everywhere, or in the world's namespace alone. */
  async function viewer(name: string, everywhere: boolean): Promise<{ readonly authorization: string }> {
    const { api, namespace } = world;
    await api.expectOk('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
    const where = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`;
    await api.expectOk('POST', everywhere ? CLUSTER_ROLE_BINDINGS : where, {
      metadata: { name: `${namespace}-${name}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'headwind-viewer' },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
    return { authorization: `Bearer ${await api.serviceAccountToken(namespace, name)}` };
  }

  it('signs in and comes back to the range that was asked for', async () => {
    const { authorization } = await viewer('sees-all', true);
    await browser.using('/auth/sign-in?next=%2Fobservability%3Frange%3D6h', {}, async (page) => {
      await page.getByLabel('Kubernetes token').fill(authorization.replace('Bearer ', ''));
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(/\/observability\?range=6h$/);
      await banner(page).waitFor();
      await allAreDrawn(page);
      expect(await barriers(page)).toEqual([]);
    });
  });

  it('and sees one namespace only is told which right the page takes', async () => {
    const headers = await viewer('sees-one', false);
    await browser.using('/observability', { headers }, async (page) => {
      await page.getByRole('heading', { name: 'You may not see this' }).waitFor();
      const said = await page.getByRole('alert').innerText();
      expect(said).toContain('list');
      expect(said).toContain('updaterequests');
      expect(await misfits(page)).toEqual([]);
    });
  });
});
