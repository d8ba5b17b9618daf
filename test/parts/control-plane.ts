import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { requirePart, requireParts } from './binaries.ts';
import { makeSelfSigned } from './certificate.ts';
import { freePorts, startChild, type Child } from './child.ts';
import {
  accessControlPlane,
  kubeconfig,
  type ControlPlaneAccess,
  type ControlPlaneFacts,
} from './control-plane-access.ts';
import { eventually, NoUseWaitingError } from './eventually.ts';

const START_ATTEMPTS = 3;
const START_TIMEOUT_MS = 60_000;
const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;
type ProgramName = (typeof PROGRAMS)[number];

export interface ControlPlane extends ControlPlaneAccess {
  /** Ends the API server alone; `SIGKILL` unless told, as a crash would. */
  stopApiServer(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port with the same data, and waits until it is ready. */
  startApiServer(): Promise<void>;
  /** Sends a signal to one of them, such as SIGSTOP: it keeps its connections and says nothing. */
  signal(program: 'etcd' | 'kube-apiserver', signal: NodeJS.Signals): void;
  /** `http://127.0.0.1:<port>`: where etcd serves its clients. */
  readonly etcdUrl: string;
  /** Ends everything and removes the directory. */
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Where data, logs and certificates go; a new directory under the temporary one unless told. */
  readonly directory?: string;
  /** Keeps the directory at `stop`, to read the logs. */
  readonly keep?: boolean;
  /** Whether the kube-controller-manager runs; true unless told. Without it nothing happens but what is asked for. */
  readonly controllers?: boolean;
  /**
   * Runs kube-apiserver 1.33, for what older ones do not have. The kube-controller-manager stays the same one, with those
   * controllers alone that need nothing which newer servers have given up.
   */
  readonly modern?: boolean;
  /** More flags for the kube-controller-manager. */
  readonly managerFlags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Starts a real etcd, kube-apiserver (RBAC on) and kube-controller-manager on free ports of 127.0.0.1 and waits until
 * they serve. Throws a MissingPartsError when one of the programs is nowhere; when one does not start, an error with
 * the end of its log.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const env = options.env ?? process.env;
  const path = findPrograms(options, env);
  let lastFailure: unknown;
  for (let attempt = 1; attempt <= START_ATTEMPTS; attempt += 1) {
    try {
      return await startOnce(path, options);
    } catch (error) {
      lastFailure = error;
      if (!(error instanceof PortTakenError)) break;
    }
  }
  throw lastFailure;
}

class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

type BinaryPath = (name: ProgramName) => string;

function findPrograms(options: ControlPlaneOptions, env: NodeJS.ProcessEnv): BinaryPath {
  const binaries = requireParts(PROGRAMS, env);
  const modern = options.modern === true ? requirePart('kube-apiserver-1.33', env) : undefined;
  return (name) =>
    (name === 'kube-apiserver' ? modern : undefined) ??
    besideApiServer(binaries, name) ??
    binaries.get(name) ??
    name;
}

/** What lies in the API server's own directory belongs to its version: better than what PATH has. */
function besideApiServer(binaries: ReadonlyMap<string, string>, name: string): string | undefined {
  const candidate = join(dirname(binaries.get('kube-apiserver') ?? ''), name);
  return existsSync(candidate) ? candidate : undefined;
}

interface Layout {
  readonly directory: string;
  readonly certificates: string;
  readonly kubeconfigPath: string;
  readonly signingKey: string;
  readonly verifyingKey: string;
  /** What client certificates are signed with; see `clientAuthority`. */
  readonly clientCa: string;
  readonly tokenFile: string;
  readonly adminToken: string;
  readonly ports: {
    readonly etcd: number;
    readonly peer: number;
    readonly api: number;
    readonly manager: number;
  };
}

async function startOnce(path: BinaryPath, options: ControlPlaneOptions): Promise<ControlPlane> {
  const layout = await prepareDirectory(options.directory);
  const children = new Map<string, Child>();
  const begin = async (name: keyof typeof COMMANDS): Promise<void> => {
    const more = name === 'kube-controller-manager' ? managerFlags(options) : [];
    const child = await startChild({
      name,
      command: path(name),
      args: [...COMMANDS[name](layout, await minorVersion(path(name), name)), ...more],
      logFile: join(layout.directory, `${name}.log`),
    });
    children.set(name, child);
  };
  const stop = async (): Promise<void> => {
    await children.get('kube-controller-manager')?.stop('SIGTERM', 3_000);
    await children.get('kube-apiserver')?.stop('SIGKILL');
    await children.get('etcd')?.stop('SIGKILL');
    if (options.keep !== true) await rm(layout.directory, { recursive: true, force: true });
  };
  try {
    await begin('etcd');
    await begin('kube-apiserver');
    const access = await connect(layout, children);
    if (options.controllers !== false) {
      await begin('kube-controller-manager');
      await controllersWork(access, children);
    }
    return {
      ...access,
      stopApiServer: async (signal = 'SIGKILL') => {
        await children.get('kube-apiserver')?.stop(signal);
      },
      startApiServer: async () => {
        if (children.get('kube-apiserver')?.running() === true) return;
        await begin('kube-apiserver');
        await apiServerReady(access, children);
      },
      signal: (program, signal) => {
        const child = children.get(program);
        if (child?.running() === true) process.kill(child.pid, signal);
      },
      etcdUrl: `http://127.0.0.1:${layout.ports.etcd}`,
      stop: async () => {
        access.disconnect();
        await stop();
      },
    };
  } catch (error) {
    const logs = await logTails(children);
    await stop();
    const taken = /address already in use|port is already allocated/i.test(logs);
    const message = `the control plane did not start: ${String(error)}\n${logs}`;
    throw taken ? new PortTakenError(message, { cause: error }) : new Error(message, { cause: error });
  }
}

/** They use core/v1 and apps/v1 alone, which every server has. */
const LASTING_CONTROLLERS = [
  'serviceaccount',
  'namespace',
  'garbagecollector',
  'deployment',
  'replicaset',
  'statefulset',
  'daemonset',
] as const;

function managerFlags({ modern, managerFlags = [] }: ControlPlaneOptions): readonly string[] {
  return [...(modern === true ? [`--controllers=${LASTING_CONTROLLERS.join(',')}`] : []), ...managerFlags];
}

const CLIENT_AUTHORITY = 'client-authority';

/** The files of the authority whose client certificates the API server of a control plane trusts. */
export function clientAuthority(directory: string): { readonly key: string; readonly certificate: string } {
  const path = (name: string): string => join(directory, CLIENT_AUTHORITY, name);
  return { key: path('key.pem'), certificate: path('certificate.pem') };
}

async function prepareDirectory(wanted: string | undefined): Promise<Layout> {
  const directory = wanted ?? (await mkdtemp(join(tmpdir(), 'headwind-control-plane-')));
  const certificates = join(directory, 'certificates');
  await mkdir(certificates, { recursive: true });
  const [etcd = 0, peer = 0, api = 0, manager = 0] = await freePorts(4);
  const layout: Layout = {
    directory,
    certificates,
    kubeconfigPath: join(directory, 'admin.kubeconfig'),
    signingKey: join(certificates, 'service-accounts.key'),
    verifyingKey: join(certificates, 'service-accounts.pub'),
    clientCa: clientAuthority(directory).certificate,
    tokenFile: join(directory, 'tokens.csv'),
    adminToken: randomBytes(16).toString('hex'),
    ports: { etcd, peer, api, manager },
  };
  await mkdir(join(directory, CLIENT_AUTHORITY));
  await makeSelfSigned(join(directory, CLIENT_AUTHORITY), 'Authority of client certificates');
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  await writeFile(layout.signingKey, keys.privateKey, { mode: 0o600 });
  await writeFile(layout.verifyingKey, keys.publicKey);
  await writeFile(layout.tokenFile, `${layout.adminToken},admin,1,"system:masters"\n`, { mode: 0o600 });
  return layout;
}

const ISSUER = 'https://kubernetes.default.svc';

/** The command line of each program; `minor` is the y of Kubernetes 1.y. */
const COMMANDS = {
  etcd: ({ directory, ports }: Layout): readonly string[] => [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=http://127.0.0.1:${ports.etcd}`,
    `--advertise-client-urls=http://127.0.0.1:${ports.etcd}`,
    `--listen-peer-urls=http://127.0.0.1:${ports.peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${ports.peer}`,
    `--initial-cluster=default=http://127.0.0.1:${ports.peer}`,
  ],
  'kube-apiserver': (layout: Layout): readonly string[] => [
    `--etcd-servers=http://127.0.0.1:${layout.ports.etcd}`,
    `--cert-dir=${layout.certificates}`,
    `--secure-port=${layout.ports.api}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--service-cluster-ip-range=10.0.0.0/24',
    `--service-account-key-file=${layout.verifyingKey}`,
    `--service-account-signing-key-file=${layout.signingKey}`,
    `--service-account-issuer=${ISSUER}`,
    `--api-audiences=${ISSUER}`,
    `--token-auth-file=${layout.tokenFile}`,
    `--client-ca-file=${layout.clientCa}`,
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
  ],
  'kube-controller-manager': (layout: Layout, minor: number): readonly string[] => [
    `--kubeconfig=${layout.kubeconfigPath}`,
    `--service-account-private-key-file=${layout.signingKey}`,
    `--root-ca-file=${join(layout.certificates, 'apiserver.crt')}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${layout.ports.manager}`,
    // The unauthenticated port, on by default until 1.23; the flag itself is gone since 1.24.
    ...(minor < 24 ? ['--port=0'] : []),
  ],
} as const;

async function minorVersion(binary: string, name: string): Promise<number> {
  if (name === 'etcd') return 0;
  const { stdout } = await promisify(execFile)(binary, ['--version']);
  return Number(/v1\.(\d+)/.exec(stdout)?.[1] ?? 0);
}

/** Waits for the certificate that the server makes for itself, then for its readiness. */
async function connect(layout: Layout, children: ReadonlyMap<string, Child>): Promise<ControlPlaneAccess> {
  const url = `https://127.0.0.1:${layout.ports.api}`;
  const ca = await eventually(
    async () => {
      assertRunning(children);
      return readFile(join(layout.certificates, 'apiserver.crt'), 'utf8');
    },
    { what: "the API server's certificate", timeoutMs: START_TIMEOUT_MS, everyMs: 50 },
  );
  await writeFile(layout.kubeconfigPath, kubeconfig(url, ca, layout.adminToken), { mode: 0o600 });
  const facts: ControlPlaneFacts = {
    url,
    ca,
    admin: { token: layout.adminToken, kubeconfigPath: layout.kubeconfigPath },
    version: '',
    directory: layout.directory,
  };
  const access = accessControlPlane(facts);
  await apiServerReady(access, children);
  const version = await access.expectOk('GET', '/version');
  const gitVersion =
    typeof version === 'object' && version != null && 'gitVersion' in version ? version.gitVersion : '';
  return { ...access, version: String(gitVersion) };
}

async function apiServerReady(
  access: ControlPlaneAccess,
  children: ReadonlyMap<string, Child>,
): Promise<void> {
  await eventually(
    async () => {
      assertRunning(children);
      const answer = await access.request('GET', '/readyz');
      if (answer.status !== 200) throw new Error(`/readyz answers ${answer.status}: ${String(answer.body)}`);
      return true;
    },
    { what: 'the API server is ready', timeoutMs: START_TIMEOUT_MS, everyMs: 50 },
  );
}

/** The controllers work when one of the slowest to begin has done its part: the default service account exists. */
async function controllersWork(
  access: ControlPlaneAccess,
  children: ReadonlyMap<string, Child>,
): Promise<void> {
  await eventually(
    async () => {
      assertRunning(children);
      return (
        (await access.request('GET', '/api/v1/namespaces/default/serviceaccounts/default')).status === 200
      );
    },
    {
      what: 'the controllers have made the default service account',
      timeoutMs: START_TIMEOUT_MS,
      everyMs: 50,
    },
  );
}

/** A program that has ended will not become ready. */
function assertRunning(children: ReadonlyMap<string, Child>): void {
  for (const child of children.values()) {
    if (!child.running()) throw new NoUseWaitingError(`${child.name} has ended`);
  }
}

async function logTails(children: ReadonlyMap<string, Child>): Promise<string> {
  const tails = await Promise.all(
    [...children.values()].map(async (child) => `--- ${child.name} (last lines)\n${await child.logTail()}`),
  );
  return tails.join('\n');
}
