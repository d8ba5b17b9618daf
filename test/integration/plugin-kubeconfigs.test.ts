import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { dump } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { makeClientCertificate } from '../parts/certificate.ts';
import { startConnectProxy, type ConnectProxy } from '../parts/connect-proxy.ts';
import { accessControlPlane, type ControlPlaneAccess } from '../parts/control-plane-access.ts';
import { clientAuthority } from '../parts/control-plane.ts';
import { applyManifest, installHeadwind, readManifests } from '../parts/manifests.ts';
import { everyKubectl, pluginPath, runProgram, type Ran } from '../parts/plugin-people.ts';

const SHOP = `kubeconfigs-${randomBytes(4).toString('hex')}`;
const ANN = 'ann@example.com';
const FOUND = { code: 0, out: 'updaterequest.headwind.sh/waits', err: '' };
const EXEC = 'client.authentication.k8s.io';

let access: ControlPlaneAccess;
let directory: string;
let token: string;
let proxy: ConnectProxy;

beforeAll(async () => {
  const facts = inject('controlPlane');
  access = accessControlPlane(facts);
  await installHeadwind(access);
  for (const manifest of await readManifests('optional/roles.yaml')) await applyManifest(access, manifest);
  await access.expectOk('POST', '/api/v1/namespaces', { metadata: { name: SHOP } });
  await access.expectOk('POST', `/api/v1/namespaces/${SHOP}/serviceaccounts`, { metadata: { name: 'ann' } });
  await access.expectOk('POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/${SHOP}/rolebindings`, {
    metadata: { name: 'approvers' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'headwind-approver' },
    subjects: [
      { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: ANN },
      { kind: 'ServiceAccount', name: 'ann', namespace: SHOP },
    ],
  });
  await access.expectOk('POST', `/apis/headwind.sh/v1alpha1/namespaces/${SHOP}/updaterequests`, {
    apiVersion: 'headwind.sh/v1alpha1',
    kind: 'UpdateRequest',
    metadata: { name: 'waits' },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: SHOP },
      updateType: 'image',
      containerName: 'app',
      currentImage: 'nginx:1.25.0',
      newImage: 'nginx:1.26.0',
      policy: 'minor',
      requireApproval: true,
    },
  });
  directory = await mkdtemp(join(tmpdir(), 'headwind-kubeconfigs-'));
  token = await access.serviceAccountToken(SHOP, 'ann');
  await writeFile(join(directory, 'ca.crt'), access.ca);
  proxy = await startConnectProxy(Number(new URL(access.url).port));
});

afterAll(async () => {
  await proxy.stop();
  await access.request('DELETE', `/api/v1/namespaces/${SHOP}`);
  access.disconnect();
  await rm(directory, { recursive: true, force: true });
});

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly currentContext?: string;
}

/** A kubeconfig with two contexts, of which the one called `shop` leads to the real API server. */
async function aKubeconfig({
  cluster = verified(),
  user = { token },
  currentContext = 'shop',
}: Parts = {}): Promise<string> {
  const path = join(directory, `${randomBytes(4).toString('hex')}.yaml`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    preferences: {},
    clusters: [
      { name: 'c', cluster: { server: access.url, ...cluster } },
      { name: 'elsewhere', cluster: { server: 'https://127.0.0.1:1' } },
    ],
    users: [{ name: 'someone', user }],
    contexts: [
      { name: 'elsewhere', context: { cluster: 'elsewhere', user: 'someone' } },
      { name: 'shop', context: { cluster: 'c', user: 'someone', namespace: SHOP } },
    ],
    'current-context': currentContext,
  };
  await writeFile(path, dump(config), { mode: 0o600 });
  return path;
}

function verified(): object {
  return { 'certificate-authority-data': Buffer.from(access.ca).toString('base64') };
}

/** A credential plugin that is a script; `answer TOKEN` prints the credential. */
function exec(script: string, more: object = {}, version = 'v1'): object {
  const credential = `{"apiVersion":"${EXEC}/${version}","kind":"ExecCredential","status":{"token":"%s"MORE}}`;
  const functions = `answer() { printf '${credential.replace('MORE', '')}' "$1"; }
    answer_expired() { printf '${credential.replace('MORE', ',"expirationTimestamp":"2020-01-01T00:00:00Z"')}' "$1"; }`;
  return {
    exec: {
      apiVersion: `${EXEC}/${version}`,
      command: 'sh',
      args: ['-c', `${functions}\n${script}`],
      env: [{ name: 'TOKEN', value: token }],
      ...more,
    },
  };
}

function environment(
  kubeconfig: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { PATH: pluginPath(), HOME: directory, KUBECONFIG: kubeconfig, ...more };
}

function list(
  kubeconfig: string,
  args: readonly string[] = [],
  more: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return runProgram('kubectl', ['headwind', 'list', '-o', 'name', ...args], {
    env: environment(kubeconfig, more),
  });
}

describe('a kubeconfig', () => {
  const STYLES: readonly (readonly [string, () => Parts])[] = [
    [
      'an exec plugin that never asks',
      () => ({ user: exec('answer "$TOKEN"', { interactiveMode: 'Never' }) }),
    ],
    [
      'an exec plugin that asks if it can',
      () => ({ user: exec('answer "$TOKEN"', { interactiveMode: 'IfAvailable', installHint: 'Get it.' }) }),
    ],
    [
      'an exec plugin of the beta version, which knows no modes',
      () => ({ user: exec('answer "$TOKEN"', { provideClusterInfo: false }, 'v1beta1') }),
    ],
    ['an exec plugin whose credential has ended already', () => ({ user: exec('answer_expired "$TOKEN"') })],
    [
      'an exec plugin whose first credential the server refuses',
      () => {
        const marker = join(directory, randomBytes(4).toString('hex'));
        return {
          user: exec(`if [ -e ${marker} ]; then answer "$TOKEN"; else touch ${marker}; answer old; fi`),
        };
      },
    ],
    [
      'a name that the certificate carries in place of the address',
      () => ({ cluster: { ...verified(), 'tls-server-name': 'kubernetes.default.svc' } }),
    ],
    ['no verification', () => ({ cluster: { 'insecure-skip-tls-verify': true } })],
    ['a proxy', () => ({ cluster: { ...verified(), 'proxy-url': proxy.url } })],
  ];

  it.each(STYLES)('with %s is understood', async (_, parts) => {
    expect(await list(await aKubeconfig(parts()))).toEqual(FOUND);
  });

  it('with a proxy leads every call through it', async () => {
    const before = proxy.asked.length;
    await list(await aKubeconfig({ cluster: { ...verified(), 'proxy-url': proxy.url } }));
    expect(proxy.asked.slice(before)).toContain(new URL(access.url).host);
  });

  it('with several contexts lets one be chosen, whatever the current one is', async () => {
    expect(await list(await aKubeconfig({ currentContext: 'elsewhere' }), ['--context', 'shop'])).toEqual(
      FOUND,
    );
    expect(await list(await aKubeconfig({ currentContext: '' }), ['--context=shop'])).toEqual(FOUND);
    const { code, err } = await list(await aKubeconfig({ currentContext: 'elsewhere' }));
    expect([code, err]).toEqual([1, expect.stringContaining('127.0.0.1:1')]);
  });

  it('is merged from several files, of which the first that says something counts', async () => {
    const first = await aKubeconfig({ currentContext: '' });
    const second = await aKubeconfig({ currentContext: 'shop', user: { token: 'of-nobody' } });
    expect(await list([first, join(directory, 'gone'), second].join(':'))).toEqual(FOUND);
  });

  const REFUSED: readonly (readonly [string, () => Parts, RegExp])[] = [
    [
      'no current context',
      () => ({ currentContext: '' }),
      /current-context is not set; there are: elsewhere, shop/,
    ],
    [
      'a context that there is not',
      () => ({ currentContext: 'gone' }),
      /there is no context "gone"; there are: elsewhere, shop/,
    ],
    [
      'the auth-provider gcp',
      () => ({ user: { 'auth-provider': { name: 'gcp' } } }),
      /user "someone": auth-provider is not supported \(Kubernetes 1\.26 removed it\)/,
    ],
    [
      'the auth-provider oidc',
      () => ({ user: { 'auth-provider': { name: 'oidc', config: { 'id-token': 'x' } } } }),
      /use the provider's exec plugin/,
    ],
    [
      'a token that has ended',
      () => ({ user: { token: 'of-yesterday' } }),
      /signed in|credentials|401|Unauthorized/i,
    ],
    [
      'an exec plugin that is not installed',
      () => ({ user: exec('', { command: 'no-such-plugin', installHint: 'Get it from the shelf.' }) }),
      /no-such-plugin cannot be started: .*Get it from the shelf\./,
    ],
    [
      'an exec plugin that wants a first sign-in',
      () => ({ user: exec('echo "run: cloud login" >&2; exit 3') }),
      /run: cloud login\n.*failed with 3/,
    ],
    [
      'an exec plugin that has to ask',
      () => ({ user: exec('answer "$TOKEN"', { interactiveMode: 'Always' }) }),
      /has to ask something \(interactiveMode: Always\), and the standard input is no terminal/,
    ],
    ['a certificate that another authority signed', () => ({ cluster: {} }), /certificate/],
    [
      'another name than that of the certificate',
      () => ({ cluster: { ...verified(), 'tls-server-name': 'somebody.else' } }),
      /somebody\.else/,
    ],
    [
      'a proxy that nobody is at',
      () => ({ cluster: { ...verified(), 'proxy-url': 'http://127.0.0.1:1' } }),
      /127\.0\.0\.1:1/,
    ],
    [
      'a proxy of another kind',
      () => ({ cluster: { ...verified(), 'proxy-url': 'socks5://127.0.0.1:1080' } }),
      /proxy-url: must be the http:\/\/ or https:\/\/ address of a proxy/,
    ],
  ];

  it.each(REFUSED)('with %s is refused with a sentence', async (_, parts, sentence) => {
    const { code, out, err } = await list(await aKubeconfig(parts()));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(sentence);
    expect(err).not.toContain(token);
  });
});

describe('a kubeconfig as is written by', () => {
  it.each(everyKubectl())('%s is understood', async (_, kubectl) => {
    const file = join(directory, `written-${basename(kubectl)}`);
    const { keyFile, certificateFile } = await makeClientCertificate(
      clientAuthority(inject('controlPlane').directory),
      directory,
      { user: ANN, groups: [] },
    );
    const config = async (...args: readonly string[]): Promise<void> => {
      const ran = await runProgram(kubectl, ['config', ...args], { env: environment(file) });
      expect(ran).toMatchObject({ code: 0 });
    };
    const embedded = '--embed-certs=true';
    const ca = join(directory, 'ca.crt');
    await config('set-cluster', 'whole', '--server', access.url, '--certificate-authority', ca, embedded);
    await config(
      'set-cluster',
      'files',
      '--server',
      access.url,
      '--certificate-authority',
      ca,
      '--tls-server-name',
      'kubernetes',
    );
    await config('set-cluster', 'blind', '--server', access.url, '--insecure-skip-tls-verify=true');
    await config('set-credentials', 'token', '--token', token);
    await config(
      'set-credentials',
      'whole',
      '--client-certificate',
      certificateFile,
      '--client-key',
      keyFile,
      embedded,
    );
    await config(
      'set-credentials',
      'files',
      '--client-certificate',
      certificateFile,
      '--client-key',
      keyFile,
    );
    // kubectl takes arguments apart at commas.
    const script = join(directory, 'plugin.sh');
    const credential = `{"apiVersion":"${EXEC}/v1beta1","kind":"ExecCredential","status":{"token":"%s"}}`;
    await writeFile(script, `printf '${credential}' "$TOKEN"\n`);
    const plugin = ['--exec-command=sh', `--exec-arg=${script}`, `--exec-env=TOKEN=${token}`];
    await config('set-credentials', 'plugin', ...plugin, `--exec-api-version=${EXEC}/v1beta1`);
    for (const [cluster, user] of [
      ['whole', 'whole'],
      ['files', 'files'],
      ['blind', 'token'],
      ['whole', 'plugin'],
    ] as const) {
      await config('set-context', user, '--cluster', cluster, '--user', user, '--namespace', SHOP);
      await config('use-context', user);
      const ran = await runProgram(kubectl, ['headwind', 'list', '-o', 'name'], { env: environment(file) });
      expect([user, ran]).toEqual([user, FOUND]);
    }
    await config('unset', 'current-context');
    expect((await list(file)).err).toContain('current-context is not set');
  });
});

describe('at a terminal', () => {
  /** What is typed and seen there; `script` makes one. */
  async function seen(
    command: string,
    kubeconfig: string,
    { input = '', env = {} }: { input?: string; env?: Readonly<Record<string, string>> } = {},
  ): Promise<Ran> {
    const whole = environment(kubeconfig, { TERM: 'xterm', ...env });
    return runProgram('script', ['-qec', command, '/dev/null'], { env: whole, input });
  }

  it('a credential plugin may ask, and says what it has to say', async () => {
    const ask = 'printf "Which word? " >&2; read -r word; [ "$word" = sesame ] && answer "$TOKEN"';
    for (const interactiveMode of ['IfAvailable', 'Always']) {
      const kubeconfig = await aKubeconfig({ user: exec(ask, { interactiveMode }) });
      const { code, out } = await seen('kubectl headwind list -o name', kubeconfig, { input: 'sesame\n' });
      expect([code, out]).toEqual([0, expect.stringContaining('Which word?')]);
      expect(out).toContain('updaterequest.headwind.sh/waits');
    }
  });

  it('there are colours, and nowhere else', async () => {
    const kubeconfig = await aKubeconfig();
    const escape = '\u001B[';
    expect((await seen('kubectl headwind list', kubeconfig)).out).toContain(escape);
    expect((await seen('kubectl headwind list', kubeconfig, { env: { NO_COLOR: '1' } })).out).not.toContain(
      escape,
    );
    expect((await seen('kubectl headwind list', kubeconfig, { env: { TERM: 'dumb' } })).out).not.toContain(
      escape,
    );
    expect((await seen('kubectl headwind list | cat', kubeconfig)).out).not.toContain(escape);
    expect((await seen('kubectl headwind list -o json', kubeconfig)).out).not.toContain(escape);
  });
});
