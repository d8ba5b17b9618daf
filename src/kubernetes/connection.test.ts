import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { type Impersonation, type Connection, loadConnection } from './connection.ts';
import type { Person } from './exec-plugin.ts';
import { KubeconfigError } from './kubeconfig.ts';

const CA = '-----BEGIN CERTIFICATE-----\nCA\n-----END CERTIFICATE-----\n';
const CERT = '-----BEGIN CERTIFICATE-----\nCLIENT\n-----END CERTIFICATE-----\n';
const KEY = '-----BEGIN RSA PRIVATE KEY-----\nKEY\n-----END RSA PRIVATE KEY-----\n';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface LoadOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: FakeClock;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly impersonate?: Impersonation;
  readonly person?: Person;
}

/** Loads from files that exist only here. */
function load(files: Readonly<Record<string, string>>, options: LoadOptions = {}): Promise<Connection> {
  return loadConnection({
    env: {},
    clock: new FakeClock(),
    readFile: (path) => {
      const text = files[path];
      if (text !== undefined) return Promise.resolve(text);
      return Promise.reject(Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' }));
    },
    ...options,
  });
}

const KIND = `
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${base64(CA)}
    server: https://127.0.0.1:35561
  name: kind-kind
contexts:
- context:
    cluster: kind-kind
    user: kind-kind
  name: kind-kind
current-context: kind-kind
kind: Config
preferences: {}
users:
- name: kind-kind
  user:
    client-certificate-data: ${base64(CERT)}
    client-key-data: ${base64(KEY)}
`;

const MINIKUBE = `
apiVersion: v1
clusters:
- cluster:
    certificate-authority: ../.minikube/ca.crt
    extensions:
    - extension: {last-update: "Mon, 02 Nov 2026", provider: minikube.sigs.k8s.io, version: v1.40.0}
      name: cluster_info
    server: https://192.168.49.2:8443
  name: minikube
contexts:
- context: {cluster: minikube, namespace: shop, user: minikube}
  name: minikube
current-context: minikube
users:
- name: minikube
  user:
    client-certificate: /home/ann/.minikube/client.crt
    client-key: client.key
`;

const EKS = `
apiVersion: v1
clusters:
- cluster: {server: "https://ABC.gr7.eu-central-1.eks.amazonaws.com", certificate-authority-data: ${base64(CA)}}
  name: arn:aws:eks:eu-central-1:111122223333:cluster/prod
contexts:
- context: {cluster: "arn:aws:eks:eu-central-1:111122223333:cluster/prod", user: eks}
  name: prod
current-context: prod
users:
- name: eks
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: sh
      args: ["-c", "echo '{\\"apiVersion\\":\\"client.authentication.k8s.io/v1beta1\\",\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"'$AWS_PROFILE'\\"}}'"]
      env: [{name: AWS_PROFILE, value: prod}]
      interactiveMode: IfAvailable
      provideClusterInfo: false
`;

/** A minimal kubeconfig with the given fields of cluster and user. */
const aConfig = (cluster: object = {}, user: object = {}, context: object = {}): string =>
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', ...context } }],
    'current-context': 'x',
  });

describe('real-looking kubeconfigs', () => {
  it('kind: certificates in the file', async () => {
    const connection = await load({ '/k': KIND }, { env: { KUBECONFIG: '/k' } });
    expect(connection.server.href).toBe('https://127.0.0.1:35561/');
    expect(connection.tls).toMatchObject({ ca: CA, certificate: { cert: CERT, key: KEY } });
    expect(connection.namespace).toBeUndefined();
    expect(connection.userName).toBe('kind-kind');
    expect(await connection.token()).toBeUndefined();
  });

  it('minikube: certificates in files, relative to the kubeconfig; a namespace', async () => {
    const files = {
      '/home/ann/.kube/config': MINIKUBE,
      '/home/ann/.minikube/ca.crt': CA,
      '/home/ann/.minikube/client.crt': CERT,
      '/home/ann/.kube/client.key': KEY,
    };
    const connection = await load(files, { env: { HOME: '/home/ann' } });
    expect(connection.tls).toMatchObject({ ca: CA, certificate: { cert: CERT, key: KEY } });
    expect(connection.namespace).toBe('shop');
  });

  it('one who acts as somebody else, unless the caller names another', async () => {
    const text = aConfig({}, { as: 'ann', 'as-groups': ['dev'], 'as-uid': '7' });
    const own = await load({ '/k': text }, { env: { KUBECONFIG: '/k' } });
    expect(own.impersonate).toEqual({ user: 'ann', uid: '7', groups: ['dev'] });
    const impersonate = { user: 'bob', groups: [] };
    const other = await load({ '/k': text }, { env: { KUBECONFIG: '/k' }, impersonate });
    expect(other.impersonate).toEqual(impersonate);
    expect((await load({ '/k': aConfig() }, { env: { KUBECONFIG: '/k' } })).impersonate).toBeUndefined();
  });

  it('a cloud provider: a credential plugin', async () => {
    const env = { KUBECONFIG: '/k', PATH: process.env['PATH'] ?? '' };
    const connection = await load({ '/k': EKS }, { env });
    expect(await connection.token()).toBe('prod');
    expect(await connection.renew?.('prod')).toBe(true);
  });

  it('k3s, Rancher and plain servers: token, password, path, plain HTTP', async () => {
    const token = await load({ '/k': aConfig({}, { token: 'abc' }) }, { kubeconfig: '/k' });
    expect(await token.token()).toBe('abc');
    const password = await load(
      { '/k': aConfig({}, { username: 'admin', password: 'pw' }) },
      { kubeconfig: '/k' },
    );
    expect(password.basic).toEqual({ username: 'admin', password: 'pw' });
    const rancher = await load(
      { '/k': aConfig({ server: 'https://r.example/k8s/clusters/c-1' }) },
      { kubeconfig: '/k' },
    );
    expect(rancher.server.pathname).toBe('/k8s/clusters/c-1');
    const plain = await load({ '/k': aConfig({ server: 'http://127.0.0.1:8001' }) }, { kubeconfig: '/k' });
    expect(plain.server.protocol).toBe('http:');
  });

  const PROXIES = { HTTPS_PROXY: 'http://proxy:3128', no_proxy: '.internal' };
  const PERSON = { canAnswer: false };
  const SEEN = { http: undefined, https: 'http://proxy:3128', except: '.internal' };
  it.each([
    [
      'its own',
      { 'proxy-url': 'http://own:1' },
      { env: PROXIES, person: PERSON },
      { http: 'http://own:1', https: 'http://own:1' },
    ],
    [
      'its own, also of the operator',
      { 'proxy-url': 'http://own:1' },
      {},
      { http: 'http://own:1', https: 'http://own:1' },
    ],
    ['that of the environment, of a person', {}, { env: PROXIES, person: PERSON }, SEEN],
    ['none of the environment, of the operator', {}, { env: PROXIES }, undefined],
    [
      'none to this machine',
      { server: 'https://127.0.0.1:6443' },
      { env: PROXIES, person: PERSON },
      undefined,
    ],
    [
      'none to localhost',
      { server: 'https://localhost:6443', 'proxy-url': '' },
      { env: PROXIES, person: PERSON },
      undefined,
    ],
  ] as const)('a proxy: %s', async (_name, cluster, options, proxy) => {
    const connection = await load({ '/k': aConfig(cluster) }, { kubeconfig: '/k', ...options });
    expect(connection.proxy).toEqual(proxy);
  });

  it('what a cluster holds for credential plugins reaches them', async () => {
    const script = `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$(printf %s "$KUBERNETES_EXEC_INFO" | base64 -w0)"`;
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', script],
      provideClusterInfo: true,
    };
    const cluster = {
      'proxy-url': 'http://own:1',
      extensions: [
        { name: 'cluster_info', extension: { provider: 'minikube.sigs.k8s.io' } },
        { name: 'client.authentication.k8s.io/exec', extension: { audience: 'shop' } },
      ],
    };
    const env = { PATH: process.env['PATH'] ?? '' };
    const connection = await load({ '/k': aConfig(cluster, { exec }) }, { kubeconfig: '/k', env });
    const told: unknown = JSON.parse(Buffer.from((await connection.token()) ?? '', 'base64').toString());
    expect(told).toMatchObject({
      spec: { interactive: false, cluster: { 'proxy-url': 'http://own:1', config: { audience: 'shop' } } },
    });
  });

  it('TLS settings', async () => {
    const cluster = { 'insecure-skip-tls-verify': true, 'tls-server-name': 'kubernetes' };
    const connection = await load({ '/k': aConfig(cluster) }, { kubeconfig: '/k' });
    expect(connection.tls).toMatchObject({ insecure: true, serverName: 'kubernetes' });
  });

  it('a token file is re-read, and wins over the token beside it', async () => {
    const files: Record<string, string> = {
      '/d/k': aConfig({}, { token: 'old', tokenFile: 'token' }),
      '/d/token': 'one\n',
    };
    const clock = new FakeClock();
    const connection = await load(files, { kubeconfig: '/d/k', clock });
    expect(await connection.token()).toBe('one');
    files['/d/token'] = 'two';
    await clock.advance(60_000);
    expect(await connection.token()).toBe('two');
  });

  it('data wins over a file, and empty strings are nothing', async () => {
    const cluster = {
      'certificate-authority-data': base64(CA),
      'certificate-authority': '/missing',
      'proxy-url': '',
    };
    const user = { token: '', 'client-certificate': '', username: '' };
    const connection = await load({ '/k': aConfig(cluster, user, { namespace: '' }) }, { kubeconfig: '/k' });
    expect(connection.tls?.ca).toBe(CA);
    expect(connection.basic).toBeUndefined();
    expect(connection.namespace).toBeUndefined();
    expect(await connection.token()).toBeUndefined();
  });

  it('a context without a user asks anonymously', async () => {
    const connection = await load(
      { '/k': aConfig({}, { token: 'x' }, { user: undefined }) },
      { kubeconfig: '/k' },
    );
    expect(await connection.token()).toBeUndefined();
  });
});

describe('several kubeconfigs', () => {
  const named = (server: string, extra: object): string =>
    JSON.stringify({ clusters: [{ name: 'c', cluster: { server } }], ...extra });
  const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
  const users = [{ name: 'u', user: { token: 'second' } }];

  it('are merged: of each name the first file wins whole, and the first current-context', async () => {
    const files = {
      '/1': named('https://first:1', { contexts: null, 'current-context': '' }),
      '/3': named('https://third:3', { contexts, users, 'current-context': 'x' }),
      '/4': named('https://fourth:4', { 'current-context': 'nowhere' }),
    };
    const connection = await load(files, { env: { KUBECONFIG: '/1:/2-does-not-exist::/3:/4' } });
    expect(connection.server.host).toBe('first:1');
    expect(await connection.token()).toBe('second');
  });

  it('an unused entry may be as wrong as it likes', async () => {
    const config = JSON.parse(aConfig());
    config.clusters.push({ name: 'old', cluster: { server: 7, 'proxy-url': 'http://p' } });
    config.users.push({ name: 'old', user: { 'auth-provider': { name: 'gcp' } } });
    await expect(load({ '/k': JSON.stringify(config) }, { kubeconfig: '/k' })).resolves.toBeDefined();
  });

  it('a context can be chosen by name', async () => {
    const config = JSON.parse(aConfig());
    config.contexts.push({ name: 'other', context: { cluster: 'c', namespace: 'elsewhere' } });
    const connection = await load({ '/k': JSON.stringify(config) }, { kubeconfig: '/k', context: 'other' });
    expect(connection.namespace).toBe('elsewhere');
  });
});

describe('where the connection comes from', () => {
  const inPod = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
  const mounted = '/var/run/secrets/kubernetes.io/serviceaccount';
  const podFiles = {
    [`${mounted}/token`]: 'pod-token\n',
    [`${mounted}/ca.crt`]: CA,
    [`${mounted}/namespace`]: 'headwind\n',
  };
  const config = (server: string): string => aConfig({ server });

  it('the service account of the pod, whose token is re-read', async () => {
    const files: Record<string, string> = { ...podFiles };
    const clock = new FakeClock();
    const connection = await load(files, { env: inPod, clock });
    expect(connection.server.href).toBe('https://10.0.0.1/');
    expect(connection.tls?.ca).toBe(CA);
    expect(connection.namespace).toBe('headwind');
    expect(await connection.token()).toBe('pod-token');
    files[`${mounted}/token`] = 'rotated';
    expect(await connection.renew?.('pod-token')).toBe(true);
    expect(await connection.token()).toBe('rotated');
  });

  it('an IPv6 address gets its brackets', async () => {
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
    expect((await load(podFiles, { env })).server.host).toBe('[fd00::1]:6443');
  });

  it('an option before the variables, those before the pod, the pod before the home directory', async () => {
    const files = {
      ...podFiles,
      '/option': config('https://option'),
      '/own': config('https://own'),
      '/variable': config('https://variable'),
      '/home/ann/.kube/config': config('https://home'),
    };
    const env = { ...inPod, KUBECONFIG: '/variable', HOME: '/home/ann' };
    const host = async (options: LoadOptions): Promise<string> => (await load(files, options)).server.host;
    expect(await host({ env: { ...env, HEADWIND_KUBECONFIG: '/own' }, kubeconfig: '/option' })).toBe(
      'option',
    );
    expect(await host({ env: { ...env, HEADWIND_KUBECONFIG: '/own' } })).toBe('own');
    expect(await host({ env })).toBe('variable');
    expect(await host({ env: { ...inPod, HOME: '/home/ann', KUBECONFIG: '' } })).toBe('10.0.0.1');
    expect(await host({ env: { HOME: '/home/ann' } })).toBe('home');
  });

  it('nowhere: it tells where it looked', async () => {
    await expect(load({}, { env: { HOME: '/home/ann' } })).rejects.toThrow(
      'no Kubernetes API server is known: KUBECONFIG is not set, this is not a pod with a service account, and /home/ann/.kube/config does not exist',
    );
  });
});

describe('a kubeconfig that cannot be used is told with file and field', () => {
  const pem = { 'client-certificate-data': base64(CERT) };
  const rows: readonly [string, string, RegExp][] = [
    ['no YAML', 'a: [b\ntoken: hunter2', /^\/k is not YAML \(line 2\)$/],
    ['a list', '[]', /^\/k: /],
    ['nothing in it', '', /^\/k: current-context is not set; the file has no contexts$/],
    [
      'no such context',
      aConfig().replace('"current-context":"x"', '"current-context":"y"'),
      /there is no context "y"; there are: x$/,
    ],
    [
      'no such cluster',
      aConfig({}, {}, { cluster: 'd' }),
      /^\/k: context "x" names cluster "d", which does not exist$/,
    ],
    [
      'no such user',
      aConfig({}, {}, { user: 'v' }),
      /^\/k: context "x" names user "v", which does not exist$/,
    ],
    ['no server', aConfig({ server: undefined }), /^\/k: cluster "c": server: /],
    [
      'a server that is no address',
      aConfig({ server: 'api.example' }),
      /server: must be an http:\/\/ or https:\/\/ address$/,
    ],
    [
      'a proxy',
      aConfig({ 'proxy-url': 'socks5://localhost:1080' }),
      /^\/k: cluster "c": proxy-url: must be the http:\/\/ or https:\/\/ address of a proxy/,
    ],
    [
      'contradicting TLS',
      aConfig({ 'insecure-skip-tls-verify': true, 'certificate-authority-data': base64(CA) }),
      /contradict each other/,
    ],
    [
      'a CA that is no PEM',
      aConfig({ 'certificate-authority-data': 'abc' }),
      /^\/k: certificate-authority-data is not base64 of a PEM text$/,
    ],
    [
      'a CA file that is missing',
      aConfig({ 'certificate-authority': 'ca.crt' }),
      /^\/k: certificate-authority \/ca\.crt cannot be read: ENOENT/,
    ],
    [
      'a certificate without its key',
      aConfig({}, pem),
      /^\/k: client-certificate and client-key belong together/,
    ],
    ['a token of the wrong type', aConfig({}, { token: 7 }), /^\/k: user "u": token: /],
    [
      'an auth provider',
      aConfig({}, { 'auth-provider': { name: 'oidc' } }),
      /^\/k: user "u": auth-provider is not supported/,
    ],
    [
      'extras of an impersonation',
      aConfig({}, { as: 'root', 'as-user-extra': { scopes: ['a'] } }),
      /^\/k: user "u": as-user-extra is not supported; as, as-uid and as-groups are$/,
    ],
    [
      'groups to act in without a user to act as',
      aConfig({}, { 'as-groups': ['g'] }),
      /^\/k: user "u": as-uid and as-groups go with as, which is not set$/,
    ],
    [
      'a plugin of an unknown version',
      aConfig({}, { exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' } }),
      /^\/k: user "u": exec\.apiVersion: /,
    ],
    [
      'a plugin without a command',
      aConfig({}, { exec: { apiVersion: 'client.authentication.k8s.io/v1' } }),
      /^\/k: user "u": exec\.command: /,
    ],
    [
      'the same name twice',
      JSON.stringify({
        clusters: [
          { name: 'c', cluster: {} },
          { name: 'c', cluster: {} },
        ],
      }),
      /^\/k: it has two of cluster "c"$/,
    ],
    [
      'an entry without its content',
      JSON.stringify({ users: [{ name: 'u' }] }),
      /^\/k: users\.0: user is missing$/,
    ],
  ];
  it.each(rows)('%s', async (_name, text, message) => {
    const error: unknown = await load({ '/k': text }, { kubeconfig: '/k' }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(KubeconfigError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
  });

  it('a named file that does not exist', async () => {
    await expect(load({}, { kubeconfig: '/nowhere' })).rejects.toThrow('/nowhere: no such file');
  });
});
