import { describe, expect, it } from 'vitest';
import { someSettings } from '../../../test/settings-under-test.ts';
import { SettingsView } from '../../../src/http/settings-shapes.ts';
import {
  bodyOf,
  describeChange,
  explainRefusal,
  readNumber,
  stillWanted,
  valueAt,
  withChange,
} from './draft.ts';
import { SECTIONS, type Field } from './fields.ts';

function aView(env: Readonly<Record<string, string>> = {}, data: Record<string, string> = {}): SettingsView {
  const service = someSettings(env);
  Object.assign(service.configMap, data);
  const { settings, ...rest } = service.view();
  return SettingsView.parse({ ...settings, ...rest });
}
const fieldOf = (member: string): Field | undefined =>
  SECTIONS.flatMap(({ fields }) => fields).find((field) => field.member === member);

describe('the fields', () => {
  it('are all settings that there are, each once', () => {
    const members = SECTIONS.flatMap(({ fields }) => fields.map(({ member }) => member));
    expect(members.toSorted()).toEqual(Object.keys(aView().sources).toSorted());
  });

  it('are of a kind that fits the value', () => {
    const view = aView();
    for (const { fields } of SECTIONS)
      for (const { member, kind } of fields) {
        const type = typeof valueAt(view, member);
        expect([member, type]).toEqual([
          member,
          { switch: 'boolean', seconds: 'number', number: 'number' }[kind as string] ?? type,
        ]);
      }
  });
});

describe('a draft', () => {
  it('holds what differs from what is, and no more', () => {
    const view = aView();
    const one = withChange({}, view, { member: 'polling.interval', value: 60 });
    expect(one).toEqual({ 'polling.interval': 60 });
    expect(withChange(one, view, { member: 'polling.interval', value: 300 })).toEqual({});
  });

  it('can take a value back that somebody has given', () => {
    const view = aView({}, { 'polling.interval': '60' });
    expect(withChange({}, view, { member: 'polling.interval', value: null })).toEqual({
      'polling.interval': null,
    });
    expect(withChange({}, aView(), { member: 'notifications.slack.channel', value: null })).toEqual({});
  });

  it('outlives what others change, but not what has come true or is fixed now', () => {
    const draft = { 'polling.interval': 60, 'polling.enabled': true, 'helm.autoDiscovery': false };
    const view = aView({ HEADWIND_HELM_AUTO_DISCOVERY: 'true' }, { 'polling.enabled': 'true' });
    expect(stillWanted(draft, view)).toEqual({ 'polling.interval': 60 });
  });

  it('becomes a body with nothing else in it', () => {
    expect(
      bodyOf({ 'polling.interval': 60, 'notifications.slack.channel': null, 'polling.enabled': true }),
    ).toEqual({ polling: { interval: 60, enabled: true }, notifications: { slack: { channel: null } } });
  });
});

describe('what is said of a change', () => {
  it.each([
    ['polling.enabled', true, 'Polling: Ask registries for new versions: on'],
    ['polling.interval', 60, 'Polling: Time between two questions: 60 s'],
    ['polling.interval', null, 'Polling: Time between two questions: back to the default'],
    ['observability.metricsBackend', 'live', 'Metrics: Source: Headwind itself'],
    [
      'notifications.slack.webhookUrl',
      'https://hooks.example/hunter2',
      'Slack: Address of the incoming webhook: replaced',
    ],
    ['notifications.slack.webhookUrl', null, 'Slack: Address of the incoming webhook: cleared'],
  ] as const)('%s', (member, value, text) => {
    expect(describeChange(fieldOf(member), member, value)).toBe(text);
  });

  it('uses the page’s names for what the server refuses', () => {
    expect(
      explainRefusal('polling.interval: expected seconds (300); polling.enabled is set by the file /c.'),
    ).toEqual([
      'Polling: Time between two questions: expected seconds (300)',
      'Polling: Ask registries for new versions is set by the file /c',
    ]);
  });
});

it('reads numbers as they are typed', () => {
  expect(['5', '', 'x', '1.5'].map(readNumber)).toEqual([5, undefined, undefined, 1.5]);
});
