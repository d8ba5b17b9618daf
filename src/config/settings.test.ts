import { describe, expect, it } from 'vitest';
import { formatProblems, type ConfigProblem, type Environment } from './problem.ts';
import { readConfigWarnings, readSettings, type Settings } from './settings.ts';

function settingsOf(env: Environment): Settings {
  const read = readSettings(env);
  if (!read.ok) throw new Error(formatProblems(read.error).join('\n'));
  return read.value;
}

function problemsOf(env: Environment): readonly ConfigProblem[] {
  const read = readSettings(env);
  return read.ok ? [] : read.error;
}

describe('readSettings', () => {
  it('has a default for everything', () => {
    expect(settingsOf({})).toEqual({
      bindAddress: '0.0.0.0',
      ports: { webhook: 8080, api: 8081, ui: 8082, metrics: 9090 },
      namespace: 'headwind-system',
      namespaces: [],
      labelSelector: undefined,
      leadership: {
        enabled: undefined,
        leaseName: 'headwind',
        durationMs: 11_000,
        renewDeadlineMs: 7000,
        retryPeriodMs: 2000,
      },
      shutdownDelayMs: undefined,
      controllersEnabled: true,
      verifyImages: 'auto',
      insecureRegistries: [],
      registryConfigFile: undefined,
      webhookSecret: undefined,
      webhookSecretsFile: undefined,
      webhookHosts: new Map(),
      webhookRateLimit: 500,
      pollingEnabled: false,
      helmAutoDiscovery: true,
      pollingIntervalMs: 300_000,
      requestExpiryMs: 86_400_000,
      requestRetentionMs: 604_800_000,
      requestRetentionCount: 10,
      apiAuthMode: 'none',
      uiAuthMode: 'none',
      trustedProxies: [],
      proxyHeader: 'X-Forwarded-User',
      proxyGroupsHeader: undefined,
      tokenAudiences: [],
      sessionKey: undefined,
      sessionKeyFile: undefined,
      apiUrl: 'http://localhost:8081',
      uiUrl: undefined,
      metrics: {
        observability: {
          metricsBackend: 'auto',
          prometheus: {
            enabled: true,
            url: 'http://prometheus-server.monitoring.svc.cluster.local:80',
          },
          victoriametrics: {
            enabled: true,
            url: 'http://victoria-metrics.monitoring.svc.cluster.local:8428',
          },
          influxdb: {
            enabled: false,
            url: 'http://influxdb.monitoring.svc.cluster.local:8086',
            org: 'headwind',
            bucket: 'metrics',
            token: undefined,
          },
        },
        influxTokenFile: undefined,
      },
      notifications: {
        slack: {
          enabled: false,
          url: undefined,
          channel: undefined,
          username: 'Headwind',
          iconEmoji: ':robot_face:',
          signingSecret: undefined,
          signingSecretFile: undefined,
        },
        teams: { enabled: false, url: undefined },
        webhook: { enabled: false, url: undefined, secret: undefined, timeoutMs: 10_000, maxRetries: 3 },
        configFile: undefined,
        retryForMs: 3_600_000,
        allowLinkLocal: false,
        proxies: { http: undefined, https: undefined, except: undefined },
      },
      logFilter: [
        { target: '', level: 'info' },
        { target: 'headwind::audit', level: 'info' },
      ],
      logFormat: 'auto',
      kubeconfig: undefined,
    });
  });

  it.each<[string, Environment, Partial<Settings>]>([
    ['an empty variable is an absent one', { HEADWIND_BIND_ADDRESS: ' ' }, { bindAddress: '0.0.0.0' }],
    ['values are trimmed', { HEADWIND_BIND_ADDRESS: ' ::1 ' }, { bindAddress: '::1' }],
    ['lists are cut at commas, each once', { HEADWIND_NAMESPACES: 'a, b,,a' }, { namespaces: ['a', 'b'] }],
    ['words may be in capitals', { HEADWIND_VERIFY_IMAGES: 'Always' }, { verifyImages: 'always' }],
    ['booleans have many spellings', { HEADWIND_CONTROLLERS_ENABLED: 'OFF' }, { controllersEnabled: false }],
    ['durations may be seconds', { HEADWIND_REQUEST_EXPIRY: '60' }, { requestExpiryMs: 60_000 }],
    ['durations may have units', { HEADWIND_REQUEST_RETENTION: '2d' }, { requestRetentionMs: 172_800_000 }],
    ['requests need not expire', { HEADWIND_REQUEST_EXPIRY: '0' }, { requestExpiryMs: 0 }],
    [
      'registry hosts have one spelling',
      { HEADWIND_INSECURE_REGISTRIES: 'REG.local:5000, localhost:5001,[::1]:5000' },
      { insecureRegistries: ['reg.local:5000', 'localhost:5001', '[::1]:5000'] },
    ],
    [
      'URLs lose the slash at their end',
      { HEADWIND_UI_URL: 'https://x.example.com/h/' },
      { uiUrl: 'https://x.example.com/h' },
    ],
    [
      'label selectors are kept as written',
      {
        HEADWIND_LABEL_SELECTOR: 'team=shop,tier in (web, api),!legacy,app.kubernetes.io/name!=x,a notin (b)',
      },
      { labelSelector: 'team=shop,tier in (web, api),!legacy,app.kubernetes.io/name!=x,a notin (b)' },
    ],
    [
      'charts are looked for unless that is switched off',
      { HEADWIND_HELM_AUTO_DISCOVERY: 'false' },
      { helmAutoDiscovery: false },
    ],
    ['channels may be off', { SLACK_ENABLED: '0' }, {}],
    [
      'webhooks may have secrets and hosts',
      { HEADWIND_WEBHOOK_SECRET: 'hunter2', HEADWIND_WEBHOOK_HOSTS: 'zot=zot.example.com' },
      { webhookSecret: 'hunter2', webhookHosts: new Map([['zot', 'zot.example.com']]) },
    ],
    ['webhooks may come at any rate', { HEADWIND_WEBHOOK_RATE_LIMIT: '0' }, { webhookRateLimit: 0 }],
    ['polling may be on', { HEADWIND_POLLING_ENABLED: 'true' }, { pollingEnabled: true }],
    ['polls may be rare', { HEADWIND_POLLING_INTERVAL: '1h' }, { pollingIntervalMs: 3_600_000 }],
    ['the mode none may be said', { HEADWIND_API_AUTH_MODE: 'None' }, { apiAuthMode: 'none' }],
    [
      'each server has a mode of its own',
      {
        HEADWIND_API_AUTH_MODE: 'Token',
        HEADWIND_UI_AUTH_MODE: 'proxy',
        HEADWIND_TRUSTED_PROXIES: '10.0.0.1',
      },
      { apiAuthMode: 'token', uiAuthMode: 'proxy' },
    ],
    [
      'proxies are addresses and networks of both families',
      { HEADWIND_TRUSTED_PROXIES: '10.42.0.0/16, 127.0.0.1,fd00::/8,::1,10.42.0.0/16' },
      { trustedProxies: ['10.42.0.0/16', '127.0.0.1', 'fd00::/8', '::1'] },
    ],
    [
      'tokens may have to be meant for Headwind',
      { HEADWIND_TOKEN_AUDIENCES: 'headwind,https://headwind.example.com' },
      { tokenAudiences: ['headwind', 'https://headwind.example.com'] },
    ],
  ])('%s', (_name, env, expected) => {
    expect(settingsOf(env)).toMatchObject(expected);
  });

  it.each([
    ['HEADWIND_LOG', { HEADWIND_LOG: 'debug', RUST_LOG: 'error' }, 'debug'],
    ['RUST_LOG where the other is absent', { RUST_LOG: 'error' }, 'error'],
    ['the default where both are empty', { HEADWIND_LOG: '', RUST_LOG: '' }, 'info'],
  ])('follows %s', (_name, env, level) => {
    expect(settingsOf(env).logFilter[0]).toEqual({ target: '', level });
  });

  it.each([
    ['HEADWIND_API_PORT', '70000'],
    ['HEADWIND_API_PORT', '80a'],
    ['HEADWIND_API_PORT', '-1'],
    ['HEADWIND_BIND_ADDRESS', 'everywhere'],
    ['HEADWIND_NAMESPACE', 'No_Namespace'],
    ['HEADWIND_NAMESPACES', 'shop,UPPER'],
    ['HEADWIND_LABEL_SELECTOR', 'team=='.repeat(3)],
    ['HEADWIND_LABEL_SELECTOR', 'tier in web'],
    ['HEADWIND_VERIFY_IMAGES', 'sometimes'],
    ['HEADWIND_INSECURE_REGISTRIES', 'http://registry.local:5000'],
    ['HEADWIND_REQUEST_EXPIRY', 'soon'],
    ['HEADWIND_REQUEST_RETENTION_COUNT', '1001'],
    ['HEADWIND_API_URL', 'localhost:8081'],
    ['HEADWIND_UI_URL', 'ftp://x.example.com'],
    ['HEADWIND_CONTROLLERS_ENABLED', 'maybe'],
    ['HEADWIND_LOG', 'inof'],
    ['RUST_LOG', 'headwind=verbose'],
    ['HEADWIND_LOG_FORMAT', 'xml'],
    ['HEADWIND_API_AUTH_MODE', 'basic'],
    ['HEADWIND_API_AUTH_MODE', 'simple'],
    ['HEADWIND_UI_AUTH_MODE', 'proxy'],
    ['HEADWIND_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['HEADWIND_TRUSTED_PROXIES', '0.0.0.0/0'],
    ['HEADWIND_TRUSTED_PROXIES', '::/0'],
    ['HEADWIND_TRUSTED_PROXIES', 'ingress.example.com'],
    ['HEADWIND_TRUSTED_PROXIES', 'fe80::1%eth0'],
    ['HEADWIND_UI_PROXY_HEADER', 'X Forwarded User'],
    ['HEADWIND_TOKEN_AUDIENCES', 'a b'],
    ['HEADWIND_POLLING_ENABLED', 'ja'],
    ['SLACK_ICON_EMOJI', 'rocket'],
    ['WEBHOOK_TIMEOUT', '0'],
    ['WEBHOOK_TIMEOUT', '10m'],
    ['WEBHOOK_MAX_RETRIES', '-1'],
    ['HEADWIND_NOTIFICATIONS_RETRY_FOR', '5s'],
    ['HEADWIND_NOTIFICATIONS_ALLOW_LINK_LOCAL', 'maybe'],
    ['HEADWIND_POLLING_INTERVAL', '0'],
    ['HEADWIND_POLLING_INTERVAL', 'often'],
    ['HEADWIND_HELM_AUTO_DISCOVERY', 'ja'],
  ])('refuses %s=%s and says what would be right', (variable, value) => {
    const problems = problemsOf({ [variable]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ variable, value });
    expect(problems[0]?.expected.length).toBeGreaterThan(3);
  });

  it.each([
    ['SLACK_ENABLED', 'yes', 'SLACK_WEBHOOK_URL'],
    ['TEAMS_ENABLED', 'on', 'TEAMS_WEBHOOK_URL'],
    ['WEBHOOK_ENABLED', 'TRUE', 'WEBHOOK_URL'],
  ])('does not accept %s=%s without %s', (variable, value, missing) => {
    expect(problemsOf({ [variable]: value })).toEqual([
      { variable: missing, value: '', expected: `the address to notify, since ${variable} is true` },
    ]);
    // The file may hold the address: whoever reads it finds out.
    expect(problemsOf({ [variable]: value, HEADWIND_NOTIFICATIONS_CONFIG: '/etc/headwind/n.yaml' })).toEqual(
      [],
    );
  });

  it.each(['HEADWIND_SLACK_WEBHOOK_URL', 'HEADWIND_TEAMS_WEBHOOK_URL', 'HEADWIND_GENERIC_WEBHOOK_URL'])(
    'says what is read in place of %s',
    (variable) => {
      const problems = problemsOf({ [variable]: 'https://hooks.slack.com/services/T0/B0/hunter2' });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatchObject({ variable, value: '…' });
      expect(problems[0]?.expected).toMatch(/WEBHOOK_URL and \w+_ENABLED=true in its place$/);
    },
  );

  it('warns of an address that nobody has switched on', () => {
    const url = 'https://hooks.slack.com/services/T0/B0/hunter2';
    expect(readConfigWarnings({ SLACK_WEBHOOK_URL: url })).toEqual([
      {
        variable: 'SLACK_WEBHOOK_URL',
        value: '…',
        expected: 'SLACK_ENABLED=true beside it: without it nothing is sent there',
      },
    ]);
    expect(readConfigWarnings({ SLACK_WEBHOOK_URL: url, SLACK_ENABLED: 'false' })).toEqual([]);
    expect(readConfigWarnings({ SLACK_WEBHOOK_URL: url, SLACK_ENABLED: 'true' })).toEqual([]);
  });

  it('lists all that is wrong at once', () => {
    const problems = problemsOf({
      HEADWIND_API_PORT: 'x',
      HEADWIND_VERIFY_IMAGES: 'y',
      HEADWIND_REQUEST_EXPIRY: 'z',
      HEADWIND_HELM_AUTO_DISCOVERY: 'often',
    });
    expect(problems.map(({ variable }) => variable)).toEqual([
      'HEADWIND_API_PORT',
      'HEADWIND_VERIFY_IMAGES',
      'HEADWIND_HELM_AUTO_DISCOVERY',
      'HEADWIND_REQUEST_EXPIRY',
    ]);
  });

  it('refuses two servers on one port, but lets all have any free one', () => {
    expect(problemsOf({ HEADWIND_UI_PORT: '8081' })).toEqual([
      { variable: 'HEADWIND_UI_PORT', value: '8081', expected: 'another port than HEADWIND_API_PORT' },
    ]);
    expect(problemsOf({ HEADWIND_UI_PORT: '0', HEADWIND_API_PORT: '0' })).toEqual([]);
  });

  it.each([
    ['an address that is none', { SLACK_WEBHOOK_URL: 'hooks.slack.com/services/T0/B0/hunter2' }],
    ['a receiver with a password', { WEBHOOK_URL: 'https://bob:hunter2@x.example.com' }],
    ['a URL with a password', { HEADWIND_API_URL: 'https://bob:hunter2@x.example.com' }],
    [
      'a list with a URL with a password',
      { HEADWIND_INSECURE_REGISTRIES: 'https://bob:hunter2@x.example.com' },
    ],
    ['a secret that cannot be one', { HEADWIND_WEBHOOK_SECRET: 'hunter2 with an \u00e9' }],
    ['a key that is too short', { HEADWIND_SESSION_KEY: 'hunter2' }],
    ['a switch that holds a token', { SLACK_ENABLED: 'https://hooks.slack.com/services/T0/B0/hunter2' }],
  ])('does not show the secret in %s', (_name, env) => {
    const problems = problemsOf(env);
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});

describe('the times of a Lease', () => {
  it.each<[string, Environment, readonly ConfigProblem[]]>([
    ['may all be longer', { HEADWIND_LEASE_DURATION: '60', HEADWIND_LEASE_RENEW_DEADLINE: '40' }, []],
    [
      'leave a leader time to give up before another takes over',
      { HEADWIND_LEASE_RENEW_DEADLINE: '11' },
      [
        {
          variable: 'HEADWIND_LEASE_DURATION',
          value: '11s',
          expected: 'more than HEADWIND_LEASE_RENEW_DEADLINE, which is 11s',
        },
      ],
    ],
    [
      'leave it time for a second try',
      { HEADWIND_LEASE_RETRY_PERIOD: '12s' },
      [
        {
          variable: 'HEADWIND_LEASE_RENEW_DEADLINE',
          value: '7s',
          expected: 'more than HEADWIND_LEASE_RETRY_PERIOD, which is 12s',
        },
      ],
    ],
  ])('%s', (_, env, expected) => {
    expect(problemsOf(env)).toEqual(expected);
  });

  it('go with a name that an object can have', () => {
    expect(problemsOf({ HEADWIND_LEASE_NAME: 'headwind-shop' })).toEqual([]);
    expect(problemsOf({ HEADWIND_LEASE_NAME: 'Head Wind' })).toMatchObject([
      { variable: 'HEADWIND_LEASE_NAME' },
    ]);
  });
});

describe('variables that Kubernetes sets for Services of the same namespace', () => {
  const links: Environment = {
    HEADWIND_WEBHOOK_SERVICE_HOST: '10.0.0.7',
    HEADWIND_WEBHOOK_SERVICE_PORT: '8080',
    HEADWIND_WEBHOOK_SERVICE_PORT_HTTP: '8080',
    HEADWIND_WEBHOOK_PORT: 'tcp://10.0.0.7:8080',
    HEADWIND_WEBHOOK_PORT_8080_TCP: 'tcp://10.0.0.7:8080',
    HEADWIND_WEBHOOK_PORT_8080_TCP_PROTO: 'tcp',
    HEADWIND_WEBHOOK_PORT_8080_TCP_PORT: '8080',
    HEADWIND_WEBHOOK_PORT_8080_TCP_ADDR: '10.0.0.7',
    HEADWIND_API_PORT: 'tcp://[fd00::7]:8081',
    HEADWIND_UI_PORT: 'udp://10.0.0.7:8082',
    HEADWIND_METRICS_PORT: 'tcp://10.0.0.8:9090',
    HEADWIND_PORT: 'tcp://10.0.0.9:80',
  };

  it('do not disturb the start', () => {
    expect(settingsOf(links).ports).toEqual({ webhook: 8080, api: 8081, ui: 8082, metrics: 9090 });
  });

  it('are not taken for spelling mistakes', () => {
    expect(readConfigWarnings(links)).toEqual([]);
  });

  it('do not hide a mistake in a port that somebody did set', () => {
    expect(problemsOf({ ...links, HEADWIND_API_PORT: 'http://10.0.0.7' })).toHaveLength(1);
  });
});

describe('readConfigWarnings', () => {
  it('names unknown variables without showing what they hold', () => {
    const warnings = readConfigWarnings({ HEADWIND_VERIFY_IMAGE: 'hunter2', PATH: '/bin' });
    expect(warnings.map(({ variable }) => variable)).toEqual(['HEADWIND_VERIFY_IMAGE']);
    expect(JSON.stringify(warnings)).not.toContain('hunter2');
  });

  it('leaves those of the kubectl plugin alone', () => {
    expect(readConfigWarnings({ HEADWIND_APPROVER: 'me', HEADWIND_API_SERVICE: 'x' })).toEqual([]);
  });
});
