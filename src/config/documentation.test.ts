import { describe, expect, it } from 'vitest';
import { describeEnvironment, listSettings, settingsMarkdown } from './documentation.ts';
import { readSettings } from './settings.ts';
import { VARIABLES } from './variables.ts';

describe('the list of settings', () => {
  it('shows defaults that are the defaults', () => {
    const written = Object.fromEntries(listSettings().map(({ variable, fallback }) => [variable, fallback]));
    expect(readSettings(written)).toEqual(readSettings({}));
  });

  it('describes every variable', () => {
    for (const { description } of listSettings()) expect(description.length).toBeGreaterThan(10);
  });

  it('is a Markdown table with one row for each variable', () => {
    expect(settingsMarkdown().split('\n')).toHaveLength(Object.keys(VARIABLES).length + 2);
    expect(settingsMarkdown()).toContain('| `HEADWIND_API_PORT` | `8081` | Port of the approval API |');
  });
});

describe('describeEnvironment', () => {
  it('tells what is set from what is a default', () => {
    const rows = describeEnvironment({ HEADWIND_API_PORT: '9999', HEADWIND_UI_PORT: 'tcp://10.0.0.1:8082' });
    expect(rows.find(({ variable }) => variable === 'HEADWIND_API_PORT')).toMatchObject({
      isSet: true,
      value: '9999',
    });
    expect(rows.find(({ variable }) => variable === 'HEADWIND_UI_PORT')).toMatchObject({
      isSet: false,
      value: '8082',
    });
  });

  it('shows no secrets', () => {
    const rows = describeEnvironment({ HEADWIND_API_URL: 'https://bob:hunter2@x.example.com' });
    expect(JSON.stringify(rows)).not.toContain('hunter2');
  });

  it('shows a variable that is a secret as set, and nothing of it', () => {
    const rows = describeEnvironment({ HEADWIND_WEBHOOK_SECRET: 'hunter2' });
    expect(rows.find(({ variable }) => variable === 'HEADWIND_WEBHOOK_SECRET')).toMatchObject({
      isSet: true,
      value: '[redacted]',
    });
  });
});
