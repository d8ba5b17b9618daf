import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  barriers,
  LOOKS,
  settled,
  startBrowser,
  sticksOut,
  type Browsing,
  type Look,
} from '../parts/browser.ts';
import { eventually } from '../parts/eventually.ts';
import { startScriptedServer, type ScriptedServer } from '../parts/scripted-server.ts';
import { openSettingsScene, type SettingsScene } from '../parts/settings-scene.ts';
import { openWorld, type World } from '../parts/world.ts';

let scene: SettingsScene;
let world: World;
let browser: Browsing;
let slack: ScriptedServer;
const visits: { readonly complaints: () => readonly string[]; readonly close: () => Promise<void> }[] = [];

beforeAll(async () => {
  scene = await openSettingsScene(inject('controlPlane'));
  slack = await startScriptedServer((_, response) => response.end('ok'));
  world = await openWorld(inject('controlPlane'), {
    narrow: true,
    notifies: false,
    env: {
      HEADWIND_NAMESPACE: scene.namespace,
      HEADWIND_UI_AUTH_MODE: 'token',
      HEADWIND_HELM_AUTO_DISCOVERY: 'false',
    },
  });
  browser = await startBrowser(world.headwind().urls.ui);
});
afterAll(async () => {
  await browser.close();
  await world.close();
  await slack.stop();
  await scene.close();
});
afterEach(async () => {
  for (const visit of visits.splice(0)) {
    const complaints = visit.complaints();
    await visit.close();
    if (complaints.length > 0) throw new Error(`the page complains: ${complaints.join('; ')}`);
  }
});

async function open(path: string, token: string, look: Look = {}): Promise<Page> {
  const visit = await browser.visit(path, { ...look, headers: { authorization: `Bearer ${token}` } });
  visits.push(visit);
  return visit.page;
}

const opened = async (look?: Look): Promise<Page> => {
  const page = await open('/settings', scene.people.admin, look);
  await page.getByRole('heading', { name: 'Polling' }).waitFor();
  return page;
};

const isSaved = async (): Promise<Readonly<Record<string, string>>> =>
  (await scene.read('configmaps', 'headwind-config')).data;

async function save(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('region', { name: 'Changes that are not saved' }).waitFor({ state: 'detached' });
}

describe('the page', () => {
  it.each(LOOKS)('fits and can be read by everybody, in $theme at $width px', async (look) => {
    const page = await opened(look);
    expect(await barriers(page)).toEqual([]);
    expect(await sticksOut(page)).toEqual([]);
    await page.getByRole('switch', { name: 'Ask registries for new versions' }).click();
    await page.getByRole('region', { name: 'Changes that are not saved' }).waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(await sticksOut(page)).toEqual([]);
    await page.getByRole('button', { name: 'Discard' }).click();
  });

  it('says where values come from, and why one cannot be changed', async () => {
    const page = await opened();
    const discovery = page.getByLabel('Look for new chart versions');
    expect(await discovery.isDisabled()).toBe(true);
    const note = await discovery.getAttribute('aria-describedby');
    expect(await page.locator(`#${note ?? ''}`).textContent()).toContain('HEADWIND_HELM_AUTO_DISCOVERY');
  });
});

describe('a change', () => {
  it('is listed, saved, and in the cluster', async () => {
    const page = await opened();
    await page.getByRole('switch', { name: 'Ask registries for new versions' }).click();
    await page.getByRole('spinbutton', { name: 'Time between two questions' }).fill('120');
    const bar = page.getByRole('region', { name: 'Changes that are not saved' });
    expect(await bar.getByRole('listitem').allTextContents()).toEqual([
      'Polling: Ask registries for new versions: on',
      'Polling: Time between two questions: 120 s',
    ]);
    await save(page);
    await page.getByText('Saved. Polling: Ask registries for new versions; Polling: Time between').waitFor();
    expect(await isSaved()).toMatchObject({ 'polling.enabled': 'true', 'polling.interval': '120' });
    await page.getByRole('button', { name: 'Take Time between two questions back to the default' }).click();
    await save(page);
    expect(await isSaved()).not.toHaveProperty('polling.interval');
    await page.getByRole('switch', { name: 'Ask registries for new versions' }).click();
    await save(page);
  });

  it('outlives what others save meanwhile, a look at another page, and warns', async () => {
    const page = await opened();
    await page.getByLabel('Rows on a page').fill('50');
    await scene.api.expectOk(
      'PATCH',
      `/api/v1/namespaces/${scene.namespace}/configmaps/headwind-config`,
      { data: { 'slack.username': 'Somebody else' } },
      'application/merge-patch+json',
    );
    // Another request makes the page look for what is new.
    await page.getByRole('link', { name: 'Updates', exact: true }).click();
    await page.getByText('1 setting is changed and not saved.').waitFor();
    await page.getByRole('button', { name: 'Back to them' }).click();
    await settled(page);
    expect(await page.getByLabel('Rows on a page').inputValue()).toBe('50');
    expect(await page.locator('#setting-notifications-slack-username').inputValue()).toBe('Somebody else');
    const asked = page.waitForEvent('dialog');
    const leaving = page.close({ runBeforeUnload: true });
    const dialog = await asked;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    await leaving;
    await page.getByRole('button', { name: 'Discard' }).click();
  });

  it('that is wrong is refused with the names of the page', async () => {
    const page = await opened();
    await page.locator('#setting-observability-prometheus-url').fill('prometheus');
    await page.getByRole('button', { name: 'Save' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toContain('Metrics: Address of Prometheus: expected a URL');
    await page.getByRole('button', { name: 'Discard' }).click();
  });
});

describe('a secret', () => {
  it('is given, never shown, tried out, and cleared', async () => {
    const page = await opened();
    await page.getByLabel('Address of the incoming webhook').fill(`${slack.url}/services/hunter2`);
    await page.getByRole('switch', { name: 'Notify Slack' }).click();
    await save(page);
    const group = page.getByRole('group', { name: 'Address of the incoming webhook' });
    expect(await group.textContent()).toContain('Set');
    expect(await page.content()).not.toContain('hunter2');
    const section = page.getByRole('region', { name: 'Slack' });
    await section.getByRole('button', { name: 'Send a test message' }).click();
    await section.getByText('The test message has arrived.').waitFor();
    expect(slack.requests.at(-1)?.url).toBe('/services/hunter2');
    await page.getByRole('switch', { name: 'Notify Slack' }).click();
    await page.getByRole('button', { name: 'Clear Address of the incoming webhook' }).click();
    await save(page);
    await eventually(
      async () => !('slack-webhook-url' in (await scene.read('secrets', 'headwind-secrets')).data),
      { what: 'the address is gone' },
    );
  });
});

describe('people without the right', () => {
  it('may look where they may see, and change nothing', async () => {
    const page = await open('/settings', scene.people.reader);
    await page.getByText('You may see these settings.').waitFor();
    expect(await page.getByRole('switch', { name: 'Ask registries for new versions' }).isDisabled()).toBe(
      true,
    );
    expect(await barriers(page)).toEqual([]);
  });

  it('find no way there, and their own browser’s settings if they go', async () => {
    const page = await open('/workloads', scene.people.stranger);
    expect(await page.getByRole('link', { name: 'Settings' }).count()).toBe(0);
    await page.goto(new URL('/settings', page.url()).href);
    await page.getByText('You may not see this').waitFor();
    await page.getByLabel('Theme', { exact: true }).selectOption('dark');
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    await page.getByLabel('Single-key shortcuts').click();
    await page.keyboard.press('?');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.reload();
    expect(await page.getByLabel('Single-key shortcuts').isChecked()).toBe(false);
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
  });
});

it('says what is not as it should be', async () => {
  const path = `/api/v1/namespaces/${scene.namespace}/configmaps/headwind-config`;
  const patch = (data: object): Promise<unknown> =>
    scene.api.expectOk('PATCH', path, { data }, 'application/merge-patch+json');
  await patch({ 'polling.interval': 'often' });
  const page = await opened();
  await eventually(
    async () => {
      await page.reload();
      await settled(page);
      return (await page.getByRole('region', { name: 'Not as it should be' }).count()) === 1;
    },
    { what: 'the page says so', everyMs: 500 },
  );
  const card = page.getByRole('region', { name: 'Not as it should be' });
  expect(await card.textContent()).toContain('polling.interval is often in the ConfigMap headwind-config');
  expect(await barriers(page)).toEqual([]);
  await patch({ 'polling.interval': null });
});
