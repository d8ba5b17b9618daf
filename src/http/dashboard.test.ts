import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { anApi } from '../../test/api-under-test.ts';
import { aRequest } from '../../test/builders.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import { createDashboardApp } from './dashboard.ts';

const EVIL = `"><script>alert('x')</script>&<img src=x onerror=alert(1)>`;

async function aPage(requests: readonly UpdateRequest[] | Error, more?: string) {
  const { dependencies } = anApi();
  const app = createDashboardApp({
    ...dependencies,
    approvals: {
      ...dependencies.approvals,
      list: ({ phase }) => {
        if (requests instanceof Error) return Promise.reject(requests);
        const items = requests.filter(({ status }) => phase?.includes(status.phase) ?? true);
        return Promise.resolve({ items, continue: more });
      },
    },
    health: { live: () => ({ ok: true, checks: [] }), ready: () => ({ ok: true, checks: [] }) },
    apiUrl: 'http://localhost:8081',
    metricsUrl: 'http://localhost:9090/metrics',
  });
  const response = await app.request('/');
  return { app, response, text: await response.text() };
}

describe('the page', () => {
  it('shows what is pending, and every request', async () => {
    const done = aRequest({
      name: 'older',
      status: { phase: 'Completed', message: 'Update applied successfully' },
    });
    const { response, text } = await aPage([aRequest(), done]);

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html; charset=utf-8/i);
    expect(text).toContain('Pending: 1<');
    expect(text).toContain('<code>nginx:1.26.0</code>');
    expect(text).toContain('Completed: Update applied successfully');
    expect(text).toContain(
      'curl -X POST http://localhost:8081/api/v1/updates/shop/web-web-1-26-0-00000000/approve',
    );
    expect(text).toContain('href="http://localhost:9090/metrics"');
    expect(text.match(/<tr>/g)).toHaveLength(3);
  });

  it('says so when there is nothing', async () => {
    const { text } = await aPage([]);

    expect(text).toContain('Pending: 0<');
    expect(text).toContain('There is no update request yet.');
  });

  it('says that there are more pending ones than it counts', async () => {
    expect((await aPage([aRequest()], 'more')).text).toContain('Pending: 1+<');
  });

  it('503 when the requests cannot be read, without saying why to strangers', async () => {
    const { response, text } = await aPage(new Error('password=secret'));

    expect(response.status).toBe(503);
    expect(text).toContain('role="alert"');
    expect(text).not.toContain('secret');
  });

  it('escapes whatever stands in a request', async () => {
    const evil = aRequest({
      name: EVIL,
      namespace: EVIL,
      created: EVIL,
      spec: {
        targetRef: { apiVersion: EVIL, kind: EVIL, name: EVIL, namespace: EVIL },
        containerName: EVIL,
        currentImage: EVIL,
        newImage: EVIL,
      },
      status: { message: EVIL },
    });
    const { text } = await aPage([evil]);

    expect(text).not.toMatch(/<script|<img/);
    expect(text).toContain('&lt;script&gt;');
  });

  it('allows its own style by hash, and nothing else', async () => {
    const { response, text } = await aPage([aRequest()]);
    const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');

    const policy = response.headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      `'sha256-${hash}'`,
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "require-trusted-types-for 'script'",
    ])
      expect(policy).toContain(part);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(text).not.toMatch(/<script|<link|<img| style=| on\w+=/);
  });

  it('names its language, its title and its table for those who do not see it', async () => {
    const { text } = await aPage([aRequest()]);

    expect(text).toMatch(/^<!doctype html>/);
    for (const part of [
      '<html lang="en">',
      '<title>Headwind</title>',
      '<main>',
      '<caption>',
      'scope="col"',
      'scope="row"',
      '<time datetime="2026-01-01T11:00:00Z">',
    ])
      expect(text).toContain(part);
  });

  it('shows one request where notifications lead to it', async () => {
    const { app } = await aPage([]);
    const response = await app.request('/updates/shop/web-web-1-26-0-00000000');
    const text = await response.text();

    expect(response.status).toBe(200);
    expect(text).toContain('<code>nginx:1.26.0</code>');
    expect(text).toContain('/api/v1/updates/shop/web-web-1-26-0-00000000/approve');
    expect(text.match(/<tr>/g)).toHaveLength(2);
  });

  it.each(['/updates/shop/another', `/updates/shop/${encodeURIComponent(EVIL)}`])(
    '%s: says that there is none',
    async (path) => {
      const { app } = await aPage([]);
      const response = await app.request(path);
      const text = await response.text();

      expect(response.status).toBe(404);
      expect(text).toContain('UpdateRequest not found');
      expect(text).not.toMatch(/<script|<img/);
    },
  );

  it.each(['/health', '/livez', '/readyz'])('%s answers', async (path) => {
    const { app } = await aPage([]);

    expect((await app.request(path)).status).toBe(200);
  });

  it('405 for what it does not do', async () => {
    const { app } = await aPage([]);

    expect((await app.request('/', { method: 'POST' })).status).toBe(405);
  });
});
