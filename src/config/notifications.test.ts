import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSelfSigned, type SelfSigned } from '../../test/parts/certificate.ts';
import type { Target } from '../notifications/target.ts';
import { readNotifications } from './notifications.ts';
import { formatProblems, type Environment } from './problem.ts';
import { readSettings } from './settings.ts';

const FILE = '/etc/headwind/notifications.yaml';
const SLACK = 'https://hooks.slack.com/services/T0/B0/hunter2';
const TEAMS =
  'https://prod-1.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?sig=hunter2';

interface Setting {
  readonly text?: string;
  readonly env?: Environment;
  readonly others?: Readonly<Record<string, string>>;
}

async function read({ text, env = {}, others = {} }: Setting) {
  const files = new Map([...(text === undefined ? [] : [[FILE, text] as const]), ...Object.entries(others)]);
  const settings = readSettings({
    ...env,
    ...(text === undefined ? {} : { HEADWIND_NOTIFICATIONS_CONFIG: FILE }),
  });
  if (!settings.ok) throw new Error(formatProblems(settings.error).join('\n'));
  return readNotifications({
    settings: settings.value.notifications,
    env,
    readFile: async (path) => {
      const found = files.get(path);
      if (found === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return found;
    },
  });
}

async function targetsOf(setting: Setting): Promise<readonly Target[]> {
  const config = await read(setting);
  if (!config.ok) throw new Error(formatProblems(config.error).join('\n'));
  // What the configuration yields is what the notifier takes.
  return config.value.targets;
}

async function problemsOf(setting: Setting): Promise<readonly string[]> {
  const config = await read(setting);
  return config.ok ? [] : formatProblems(config.error).map((line) => line.replace(`${FILE}: `, ''));
}

let directory: string;
let signed: SelfSigned;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headwind-ca-'));
  signed = await makeSelfSigned(directory, 'localhost');
});
afterAll(() => rm(directory, { recursive: true }));

const all = { namespaces: [], kinds: [], events: [] };
const basics = {
  filter: all,
  timeoutMs: 10_000,
  maxRetries: 3,
  retryForMs: 3_600_000,
  allowLinkLocal: false,
};

describe('readNotifications from the environment', () => {
  it('notifies nobody unless told', async () => {
    expect(await targetsOf({})).toEqual([]);
    expect(await targetsOf({ env: { SLACK_WEBHOOK_URL: SLACK, WEBHOOK_SECRET: 'x' } })).toEqual([]);
  });

  it('takes the promised variables', async () => {
    const env = {
      SLACK_ENABLED: 'true',
      SLACK_WEBHOOK_URL: SLACK,
      SLACK_CHANNEL: '#deployments',
      SLACK_USERNAME: 'Headwind Bot',
      SLACK_ICON_EMOJI: ':rocket:',
      TEAMS_ENABLED: 'true',
      TEAMS_WEBHOOK_URL: TEAMS,
      WEBHOOK_ENABLED: 'true',
      WEBHOOK_URL: 'https://your-webhook-endpoint.com/notifications',
      WEBHOOK_SECRET: 'your-secret-key',
      WEBHOOK_TIMEOUT: '5',
      WEBHOOK_MAX_RETRIES: '1',
      HEADWIND_NOTIFICATIONS_RETRY_FOR: '2h',
      HEADWIND_NOTIFICATIONS_ALLOW_LINK_LOCAL: 'true',
    };
    const all2h = { ...basics, retryForMs: 7_200_000, allowLinkLocal: true };
    expect(await targetsOf({ env })).toEqual([
      {
        ...all2h,
        id: 'slack',
        channel: 'slack',
        url: SLACK,
        slackChannel: '#deployments',
        username: 'Headwind Bot',
        iconEmoji: ':rocket:',
        interactive: false,
        perSecond: 1,
      },
      { ...all2h, id: 'teams', channel: 'teams', url: TEAMS, perSecond: 4 },
      {
        ...all2h,
        id: 'webhook',
        channel: 'webhook',
        url: 'https://your-webhook-endpoint.com/notifications',
        secret: 'your-secret-key',
        timeoutMs: 5000,
        maxRetries: 1,
        perSecond: 20,
      },
    ]);
  });
});

describe('readNotifications from the file', () => {
  it.each(['', '# nothing', '{}', 'targets: []'])('takes %j for no further receivers', async (text) => {
    expect(await targetsOf({ text })).toEqual([]);
  });

  it('reads every setting', async () => {
    const pem = await readFile(signed.certificateFile, 'utf8');
    const targets = await targetsOf({
      text: `
targets:
  - name: shop-slack
    type: slack
    urlFrom: { env: SHOP_SLACK }
    channel: '#shop'
    username: Shop
    iconEmoji: ':shop:'
    namespaces: [shop, 'shop-*']
    kinds: [Deployment, HelmRelease]
    events: [update_failed, rollback_*]
    perSecond: 0.5
  - name: all-teams
    type: teams
    urlFrom: { file: secrets/teams }
    retryFor: 1d
  - name: ledger
    type: webhook
    url: http://ledger.shop.svc:8080/in
    secretFrom: { file: /var/run/secrets/ledger }
    timeout: 3
    maxRetries: 0
    ca: ca.pem
    allowLinkLocal: true
`,
      env: { SHOP_SLACK: SLACK },
      others: {
        '/etc/headwind/secrets/teams': `${TEAMS}\n`,
        '/var/run/secrets/ledger': 'hunter2\n',
        '/etc/headwind/ca.pem': pem,
      },
    });
    expect(targets.map((target) => ({ ...target, filter: undefined }))).toEqual([
      {
        id: 'shop-slack',
        channel: 'slack',
        url: SLACK,
        slackChannel: '#shop',
        username: 'Shop',
        iconEmoji: ':shop:',
        interactive: false,
        timeoutMs: 10_000,
        maxRetries: 3,
        retryForMs: 3_600_000,
        perSecond: 0.5,
        allowLinkLocal: false,
      },
      {
        id: 'all-teams',
        channel: 'teams',
        url: TEAMS,
        timeoutMs: 10_000,
        maxRetries: 3,
        retryForMs: 86_400_000,
        perSecond: 4,
        allowLinkLocal: false,
      },
      {
        id: 'ledger',
        channel: 'webhook',
        url: 'http://ledger.shop.svc:8080/in',
        secret: 'hunter2',
        timeoutMs: 3000,
        maxRetries: 0,
        retryForMs: 3_600_000,
        perSecond: 20,
        ca: pem.trim(),
        allowLinkLocal: true,
      },
    ]);
    const [first] = targets;
    expect(first?.filter.events).toEqual([
      'update_failed',
      'rollback_triggered',
      'rollback_completed',
      'rollback_failed',
    ]);
    expect(first?.filter.kinds).toEqual(['Deployment', 'HelmRelease']);
    expect(
      first?.filter.namespaces.map((glob) =>
        ['shop', 'shop-eu', 'workshop'].map((name) => glob.matches(name)),
      ),
    ).toEqual([
      [true, false, false],
      [false, true, false],
    ]);
  });

  it('takes the shape that was documented for a ConfigMap, and the rest from the environment', async () => {
    const targets = await targetsOf({
      text: `
slack: { enabled: true, webhook_url: ${SLACK}, channel: '#a', username: B, icon_emoji: ':c:' }
teams: { enabled: true }
webhook: { enabled: true, url: https://receiver.example/in, secret: s, timeout_seconds: 20, max_retries: 5 }
`,
      env: { TEAMS_WEBHOOK_URL: TEAMS, SLACK_USERNAME: 'not this', WEBHOOK_URL: 'https://other.example' },
    });
    expect(targets).toMatchObject([
      { id: 'slack', url: SLACK, slackChannel: '#a', username: 'B', iconEmoji: ':c:' },
      { id: 'teams', url: TEAMS },
      { id: 'webhook', url: 'https://receiver.example/in', secret: 's', timeoutMs: 20_000, maxRetries: 5 },
    ]);
    const off = await targetsOf({
      text: 'slack: { enabled: false }',
      env: { SLACK_ENABLED: 'true', SLACK_WEBHOOK_URL: SLACK },
    });
    expect(off).toEqual([]);
  });

  it('has a version that changes with what is referred to', async () => {
    const text = 'targets: [{ name: a, type: teams, urlFrom: { env: A } }]';
    const versions = await Promise.all(
      [TEAMS, TEAMS, `${TEAMS}2`].map(async (A) => {
        const config = await read({ text, env: { A } });
        return config.ok ? config.value.version : '';
      }),
    );
    expect(versions[0]).toBe(versions[1]);
    expect(versions[0]).not.toBe(versions[2]);
    expect(versions.join('')).not.toContain('hunter2');
  });

  it('lists every problem with its place in the file', async () => {
    const found = await problemsOf({
      text: `
slack: { enabled: true }
colour: red
targets:
  - { name: Bad_Name, type: slack, url: hooks.slack.com/services/hunter2 }
  - { name: a, type: pager, url: https://x.example }
  - { name: b, type: teams }
  - { name: c, type: teams, url: https://x.example/hunter2, urlFrom: { env: X } }
  - { name: d, type: webhook, urlFrom: { env: MISSING }, secretFrom: { file: missing } }
  - { name: e, type: webhook, url: https://x.example, channel: '#no', secret: s, timeout: 1h, maxRetries: 1.5, perSecond: 0, ca: not.pem }
  - { name: f, type: slack, url: https://x.example, namespaces: ['['], kinds: [Pod], events: [update_exploded], signingSecret: short }
  - { name: g, type: teams, url: https://x.example, namespaces: shop, urlFrom: {} }
  - nothing
`,
      others: { '/etc/headwind/not.pem': 'no certificate' },
    });
    const places = found.map((line) => line.slice(0, line.indexOf('=')));
    expect(places.sort()).toEqual(
      [
        'colour',
        'targets[0].name',
        'targets[0].url',
        'targets[1].type',
        'targets[2].url',
        'targets[3].urlFrom',
        'targets[4].urlFrom',
        'targets[4].secretFrom',
        'targets[5].channel',
        'targets[5].timeout',
        'targets[5].maxRetries',
        'targets[5].perSecond',
        'targets[5].ca',
        'targets[6].namespaces[0]',
        'targets[6].kinds[0]',
        'targets[6].events[0]',
        'targets[6].signingSecret',
        'targets[7].namespaces',
        'targets[7].urlFrom',
        'targets[8]',
      ].sort(),
    );
    expect(found.join('\n')).not.toContain('hunter2');
  });

  it.each([
    ['what is switched on and has no address', { text: 'teams: { enabled: true }' }, 'teams.webhook_url=""'],
    [
      'either address or reference',
      {
        text: `targets: [{ name: a, type: teams, url: '${TEAMS}', urlFrom: { env: A } }]`,
        env: { A: TEAMS },
      },
      'targets[0].url="…": expected either url or urlFrom',
    ],
    [
      'one name for two',
      {
        text: `targets: [{ name: a, type: teams, url: '${TEAMS}' }, { name: a, type: teams, url: '${TEAMS}' }]`,
      },
      'targets="a"',
    ],
    [
      'the name of a receiver of the environment',
      {
        text: `targets: [{ name: slack, type: slack, url: '${SLACK}' }]`,
        env: { SLACK_ENABLED: 'true', SLACK_WEBHOOK_URL: SLACK },
      },
      'targets="slack"',
    ],
    [
      'a variable that is not set',
      { text: 'targets: [{ name: a, type: teams, urlFrom: { env: NO } }]' },
      'expected a variable that holds something',
    ],
    [
      'a file that is not there',
      { text: 'targets: [{ name: a, type: teams, urlFrom: { file: no } }]' },
      'expected the path of a file that can be read (ENOENT)',
    ],
    [
      'buttons whose answers nobody could believe',
      { text: `targets: [{ name: a, type: slack, url: '${SLACK}', interactive: true }]` },
      'targets[0].interactive="true": expected false, or signingSecretFrom beside it, or HEADWIND_SLACK_SIGNING_SECRET',
    ],
    [
      'such buttons for the receiver of the environment',
      { text: 'slack: { interactive: true }' },
      'slack.interactive="true": expected false, or HEADWIND_SLACK_SIGNING_SECRET',
    ],
    [
      'a file of signing secrets that is not there',
      { env: { HEADWIND_SLACK_SIGNING_SECRET_FILE: '/no' } },
      'HEADWIND_SLACK_SIGNING_SECRET_FILE="/no": expected a file that can be read (ENOENT)',
    ],
    [
      'a file that holds none',
      { env: { HEADWIND_SLACK_SIGNING_SECRET_FILE: '/empty' }, others: { '/empty': 'short\n' } },
      'expected a file with 1 to 10 signing secrets of Slack, one a line',
    ],
    [
      'a person who is none',
      { text: 'slack: { users: { alice: { username: alice } } }' },
      'slack.users.alice=',
    ],
    [
      'a person without a name',
      { text: 'slack: { users: { U012AB3CD: alice } }' },
      'slack.users.U012AB3CD="alice": expected a table of username and groups',
    ],
    [
      'an address where an id belongs',
      { text: 'slack: { allowedUsers: [alice@example.com] }' },
      'slack.allowedUsers[0]="alice@example.com": expected the id of a Slack user such as U012AB3CD',
    ],
    ['a list in place of a table', { text: '- a' }, 'a table of slack, teams, webhook, targets'],
  ] satisfies readonly (readonly [string, Setting, string])[])('refuses %s', async (_, setting, expected) => {
    expect((await problemsOf(setting)).join('\n')).toContain(expected);
  });
});
