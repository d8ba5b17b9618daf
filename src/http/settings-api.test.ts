import { describe, expect, it } from 'vitest';
import { anApi } from '../../test/api-under-test.ts';
import { aRequest } from '../../test/builders.ts';
import { aDashboardOver } from '../../test/dashboard-under-test.ts';
import { someSettings, type SettingsUnderTest } from '../../test/settings-under-test.ts';
import { fail, ok } from '../core/result.ts';
import type { Right } from './auth.ts';
import type { AuditEntry } from './access.ts';
import { UpdateListShape } from './dashboard-shapes.ts';
import type { EdgeApp } from './edge.ts';
import { problem } from './problem.ts';
import type { SettingsService } from './settings-api.ts';
import { PreferencesView, SettingsAnswer, SettingsView } from './settings-shapes.ts';

const URL = 'https://hooks.slack.com/services/hunter2';

interface Scene {
  readonly app: EdgeApp;
  readonly settings: SettingsUnderTest;
  readonly audited: readonly AuditEntry[];
  readonly put: (body: unknown) => Promise<Response>;
}

function aScene(
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly service?: SettingsService;
    readonly may?: (right: Right) => boolean;
  } = {},
): Scene {
  const settings = someSettings(options.env);
  const { may = () => true } = options;
  const { dependencies, audited } = anApi({
    authorizer: {
      authorize: (right) =>
        Promise.resolve(may(right) ? ok(undefined) : fail(problem('HW_FORBIDDEN', 'No right to that.'))),
    },
  });
  const app = aDashboardOver(dependencies, { settings: options.service ?? settings });
  const put = async (body: unknown): Promise<Response> =>
    app.request('/api/v1/settings', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { app, settings, audited, put };
}

describe('the settings', () => {
  it('are answered in the documented shape, without secrets', async () => {
    const { app, settings } = aScene();
    settings.secret['slack-webhook-url'] = URL;
    const response = await app.request('/api/v1/settings');
    const text = await response.text();
    expect(text).not.toContain('hunter2');
    const view = SettingsView.strict().parse(JSON.parse(text));
    expect(view.notifications.slack.webhookUrl).toBe('set');
    expect(view.notifications.teams.webhookUrl).toBeNull();
    expect(view.sources['polling.enabled']).toMatchObject({ from: 'default', changeable: true });
  });

  it('are changed one by one, and answered as they are then', async () => {
    const { settings, put, audited } = aScene();
    const response = await put({ polling: { enabled: true }, notifications: { slack: { webhookUrl: URL } } });
    expect(response.status).toBe(200);
    const answer = SettingsAnswer.parse(await response.json());
    expect(answer).toMatchObject({
      message: 'Configuration updated successfully',
      polling: { enabled: true, interval: 300 },
      notifications: { slack: { webhookUrl: 'set' } },
      changed: ['polling.enabled', 'notifications.slack.webhookUrl'],
    });
    expect(settings.configMap).toEqual({ 'polling.enabled': 'true' });
    expect(settings.secret).toEqual({ 'slack-webhook-url': URL });
    expect(audited).toMatchObject([
      {
        action: 'update_settings',
        resourceType: 'Settings',
        result: 'success',
        reason: 'changed: polling.enabled, notifications.slack.webhookUrl',
      },
    ]);
    expect(JSON.stringify(audited)).not.toContain('hunter2');
  });

  it('may be sent back whole', async () => {
    const { app, put } = aScene({ env: { HEADWIND_POLLING_ENABLED: 'true' } });
    const whole: unknown = await (await app.request('/api/v1/settings')).json();
    const answer = SettingsAnswer.parse(await (await put(whole)).json());
    expect(answer.changed).toEqual([]);
  });

  it.each([
    [{ polling: { colour: 1 } }, 422, 'HW_UNEXPECTED_SHAPE', 'polling.colour'],
    [{ polling: { enabled: false } }, 409, 'HW_SETTING_FIXED', 'HEADWIND_POLLING_ENABLED'],
    ['[]', 422, 'HW_UNEXPECTED_SHAPE', 'The body must be'],
    ['{', 400, 'HW_BAD_JSON', ''],
  ])('are refused with their names: %j', async (body, status, code, detail) => {
    const { put, audited } = aScene({ env: { HEADWIND_POLLING_ENABLED: 'true' } });
    const response = await put(body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code, detail: expect.stringContaining(detail) });
    expect(audited).toMatchObject([{ action: 'update_settings', result: 'error' }]);
  });

  it('say so where they cannot be written', async () => {
    const service: SettingsService = {
      ...someSettings(),
      change: () => Promise.resolve({ kind: 'unwritten', messages: ['Headwind may not change it.'] }),
    };
    const response = await aScene({ service }).put({ polling: { enabled: true } });
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ detail: 'Headwind may not change it.' });
  });

  it('need the right to see them, and another one to change them', async () => {
    const nobody = aScene({ may: ({ resource }) => resource !== 'settings' });
    expect((await nobody.app.request('/api/v1/settings')).status).toBe(403);
    const reader = aScene({ may: ({ verb, resource }) => resource !== 'settings' || verb === 'get' });
    expect((await reader.app.request('/api/v1/settings')).status).toBe(200);
    expect((await reader.put({ polling: { enabled: true } })).status).toBe(403);
    expect(reader.settings.configMap).toEqual({});
    expect(reader.audited).toMatchObject([{ action: 'update_settings', result: 'error' }]);
  });
});

describe('what the page needs of them', () => {
  it('is for everybody who is signed in', async () => {
    const { app } = aScene({ may: () => false });
    const response = await app.request('/api/v1/dashboard/preferences');
    expect(PreferencesView.parse(await response.json())).toEqual({
      refresh_interval: 30,
      max_items_per_page: 20,
    });
  });

  it('says how long a page is, unless the page is asked for otherwise', async () => {
    const requests = Array.from({ length: 9 }, (_, index) => aRequest({ name: `web-${index}` }));
    const preferences = { refresh_interval: 30, max_items_per_page: 4 };
    const app = aDashboardOver(anApi({ requests }).dependencies, { requests, preferences });
    const rows = async (query: string): Promise<number> => {
      const response = await app.request(`/api/v1/dashboard/updates${query}`);
      return UpdateListShape.parse(await response.json()).rows.length;
    };
    expect([await rows(''), await rows('?page=3'), await rows('?size=7')]).toEqual([4, 1, 7]);
  });
});
