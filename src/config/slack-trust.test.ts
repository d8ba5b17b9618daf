import { describe, expect, it } from 'vitest';
import { readNotifications } from './notifications.ts';
import { formatProblems, type Environment } from './problem.ts';
import { readSettings } from './settings.ts';

const FILE = '/etc/headwind/notifications.yaml';
const SLACK = 'https://hooks.slack.com/services/T0/B0/hunter2';

interface Setting {
  readonly text?: string;
  readonly env?: Environment;
  readonly others?: Readonly<Record<string, string>>;
}

async function read({ text = '', env = {}, others = {} }: Setting) {
  const files = new Map([[FILE, text], ...Object.entries(others)]);
  const settings = readSettings({ ...env, HEADWIND_NOTIFICATIONS_CONFIG: FILE });
  if (!settings.ok) throw new Error(formatProblems(settings.error).join('\n'));
  const { notifications } = settings.value;
  return readNotifications({
    settings: notifications,
    env,
    readFile: async (path) => files.get(path) ?? Promise.reject(new Error(`there is no ${path}`)),
  });
}

describe('who may answer in Slack', () => {
  const URL = `'${SLACK}'`;
  const ONE = '0123456789abcdef0123456789abcdef';
  const TWO = 'fedcba9876543210fedcba9876543210';
  const trustOf = async (setting: Setting) => {
    const config = await read(setting);
    if (!config.ok) throw new Error(formatProblems(config.error).join('\n'));
    const { slack, targets } = config.value;
    const signers = slack.signers.map(({ secret, namespaces }) => [
      secret,
      namespaces.map(({ text }) => text),
    ]);
    const acting = targets.flatMap((target) =>
      target.channel === 'slack' && target.interactive ? target.id : [],
    );
    return { ...slack, signers, acting };
  };
  const slackOn = { SLACK_ENABLED: 'true', SLACK_WEBHOOK_URL: SLACK };

  it('is nobody unless told', async () => {
    expect(await trustOf({ env: slackOn })).toEqual({
      signers: [],
      users: new Map(),
      allowedUsers: undefined,
      acting: [],
    });
  });

  it('comes from the environment, from a file, and from targets, which speak for their namespaces', async () => {
    const trust = await trustOf({
      env: {
        ...slackOn,
        HEADWIND_SLACK_SIGNING_SECRET: ONE,
        HEADWIND_SLACK_SIGNING_SECRET_FILE: '/secrets',
        SHOP: TWO,
      },
      others: { '/secrets': `${TWO}\n${ONE}9\n` },
      text: `
targets:
  - { name: shop, type: slack, url: ${URL}, interactive: true, signingSecretFrom: { env: SHOP }, namespaces: [shop] }
  - { name: shared, type: slack, url: ${URL}, interactive: true }
  - { name: links, type: slack, url: ${URL} }
`,
    });
    expect(trust.signers).toEqual([
      [ONE, []],
      [TWO, []],
      [`${ONE}9`, []],
      [TWO, ['shop']],
    ]);
    expect(trust.acting).toEqual(['slack', 'shop', 'shared']);
  });

  it('can be without the receiver of the environment', async () => {
    const env = { ...slackOn, HEADWIND_SLACK_SIGNING_SECRET: ONE };
    expect((await trustOf({ env })).acting).toEqual(['slack']);
    expect((await trustOf({ env, text: 'slack: { interactive: false }' })).acting).toEqual([]);
  });

  it('says who people are, and changes the version', async () => {
    const text = `
slack:
  allowedUsers: [U012AB3CD, T9/U777]
  users:
    U012AB3CD: { username: alice@example.com, groups: [shop-admins] }
    T9/U777: { username: bob }
`;
    const { users, allowedUsers } = await trustOf({ text });
    expect(users).toEqual(
      new Map([
        ['U012AB3CD', { username: 'alice@example.com', groups: ['shop-admins'] }],
        ['T9/U777', { username: 'bob', groups: [] }],
      ]),
    );
    expect(allowedUsers).toEqual(['U012AB3CD', 'T9/U777']);
    const versions = await Promise.all(
      [text, text.replace('bob', 'bert'), text].map(async (one) => {
        const config = await read({ text: one });
        return config.ok ? config.value.version : '';
      }),
    );
    expect(versions[0]).toBe(versions[2]);
    expect(versions[0]).not.toBe(versions[1]);
  });
});
