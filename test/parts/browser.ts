import axe from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { z } from 'zod';
import { requirePart } from './binaries.ts';

/** A real browser that looks at one Headwind. */
export interface Browsing {
  /** Looks at a page while `use` does something with it. Throws where the page complains of something meanwhile. */
  using(path: string, look: Look, use: (page: Page) => Promise<void>): Promise<void>;
  /** Opens a page in a profile of its own and waits until what it asks for has come. */
  visit(path: string, look?: Look): Promise<Visit>;
  close(): Promise<void>;
}

export interface Look {
  /** `light` unless told. */
  readonly theme?: 'light' | 'dark';
  /** In CSS pixels; 1280 unless told. */
  readonly width?: number;
  readonly height?: number;
  /** A finger and no mouse. */
  readonly touch?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the page may complain of, since that is what is tried. */
  readonly tolerates?: RegExp;
  /** Whether motion is to be spared; it is unless told, so that nothing is looked at halfway. */
  readonly motion?: boolean;
}

/** How people look at each page: in both themes, at a desk and on a phone. */
export const LOOKS = [
  { theme: 'light', width: 1280 },
  { theme: 'dark', width: 1280 },
  { theme: 'light', width: 360, touch: true },
  { theme: 'dark', width: 360, touch: true },
] as const satisfies readonly Look[];

export interface Visit {
  readonly page: Page;
  /** What should not have happened so far: errors in the console or of scripts, breaches of the policy, requests elsewhere. */
  readonly complaints: () => readonly string[];
  readonly close: () => Promise<void>;
}

const ACTION_TIMEOUT_MS = 10_000;
/** An answer of the API that is no success is for the page to deal with, and no mistake of it. */
const ANSWER_OF_THE_API = /^Failed to load resource: .*status of \d+/;

/** Starts the browser. Throws a MissingPartsError where there is none. */
export async function startBrowser(origin: string): Promise<Browsing> {
  const browser = await chromium.launch({
    executablePath: requirePart('chromium', process.env),
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
  return {
    visit: (path, look = {}) => visit(browser, new URL(path, origin), look),
    async using(path, look, use) {
      const { page, complaints, close } = await visit(browser, new URL(path, origin), look);
      try {
        await use(page);
        if (complaints().length > 0) throw new Error(`the page complains: ${complaints().join('; ')}`);
      } finally {
        await close();
      }
    },
    close: () => browser.close(),
  };
}

async function visit(browser: Browser, url: URL, look: Look): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: look.width ?? 1280, height: look.height ?? 800 },
    colorScheme: look.theme ?? 'light',
    reducedMotion: look.motion === true ? 'no-preference' : 'reduce',
    hasTouch: look.touch ?? false,
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...(look.headers === undefined ? {} : { extraHTTPHeaders: look.headers }),
  });
  context.setDefaultTimeout(ACTION_TIMEOUT_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'error' && !message.text().includes('Content Security Policy')) return;
    if (look.tolerates?.test(message.text()) === true) return;
    const from = message.location().url;
    if (ANSWER_OF_THE_API.test(message.text()) && from.startsWith(`${url.origin}/api/`)) return;
    complaints.push(`console: ${message.text()} (${from})`);
  });
  page.on('pageerror', (error) => complaints.push(`script: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    const target = request.url();
    const stays = target.startsWith(`${url.origin}/`) || target.startsWith('data:');
    if (!stays) complaints.push(`request to ${target}`);
  });
  await page.goto(url.href);
  await settled(page);
  return { page, complaints: () => [...complaints], close: () => context.close() };
}

/** Waits until the page shows what it has asked for, or that there is nothing. */
export async function settled(page: Page): Promise<void> {
  // The sign-in is a page of its own.
  await page.locator('#main, main').first().waitFor();
  await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' });
  // Keys are listened to after the drawing.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))');
}

const Violations = z.array(
  z.object({
    id: z.string(),
    impact: z.string().nullable(),
    nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().default('') })),
  }),
);
const RUN_AXE = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)`;
const MAX_SHOWN = 3;

/** What axe finds on the page as it stands that is serious or worse, one line each. */
export async function barriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found = Violations.parse(await page.evaluate(RUN_AXE));
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => {
      const shown = nodes.slice(0, MAX_SHOWN).map(({ html, failureSummary }) => `${html}: ${failureSummary}`);
      return `${id}: ${shown.join(' | ')}`;
    });
}

const FIND_WIDE = `(() => {
  const { clientWidth, scrollWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  return [...document.querySelectorAll('body *')]
    .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
    .slice(0, 5)
    .map((element) => element.tagName.toLowerCase() + '.' + element.className);
})()`;

/** What is wider than the screen, where something makes the page scroll sideways. */
export async function sticksOut(page: Page): Promise<readonly string[]> {
  return z.array(z.string()).parse(await page.evaluate(FIND_WIDE));
}
