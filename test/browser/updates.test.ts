import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { barriers, startBrowser, sticksOut, type Browsing } from '../parts/browser.ts';
import { openWorld, type World } from '../parts/world.ts';

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

describe('where there is nothing yet', () => {
  it.each([
    { theme: 'light', width: 1280 },
    { theme: 'dark', width: 360 },
  ] as const)('the page says so, in $theme at $width px', async (look) => {
    const { page, complaints, close } = await browser.visit('/', look);
    await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(await sticksOut(page)).toEqual([]);
    expect(complaints()).toEqual([]);
    await close();
  });
});
