import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { NODE_PARTS, requireParts } from '../binaries.ts';
import { freePorts, startChild, type Child } from '../child.ts';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import { eventually, NoUseWaitingError } from '../eventually.ts';
import { makeCgroup } from './cgroups.ts';
import { CNI_CONFIG, CONTAINERD_SOCKET, containerdConfig, kubeletConfig, NODE_NAME } from './node-config.ts';
import type { StateDirectory } from './state-directory.ts';
import { openTunnel, openTunnelInto, type Tunnel } from './tunnel.ts';

const START_TIMEOUT_MS = 90_000;

export interface NodeOptions {
  readonly state: StateDirectory;
  readonly api: ControlPlaneAccess;
  /** `127.0.0.1:PORT` of the registry that pods pull from. */
  readonly registryHost: string;
  readonly sandboxImage: string;
  readonly say: (line: string) => void;
}

export interface ClusterNode {
  /** The address of the node at which pods reach the registry, on its own port; the API server is there as its Service says. */
  readonly podSideAddress: string;
  /** Ends everything on the node; its mounts and network links are gone with it. */
  stop(): Promise<void>;
}

const KubernetesService = z.object({
  spec: z.object({ clusterIP: z.string(), ports: z.tuple([z.object({ port: z.number() })]) }),
});
const NodeObject = z.object({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string(), message: z.string() })).default([]),
  }),
});

/**
 * Starts containerd and kubelet in namespaces of their own for processes, mounts and network, and waits until the
 * node is ready. Only root may. However this process ends, the kernel ends the node with it.
 */
export async function startNode(options: NodeOptions): Promise<ClusterNode> {
  if (process.getuid?.() !== 0)
    throw new Error(
      'a node needs root; or name a cluster in KUBECONFIG, and its registry in HEADWIND_E2E_REGISTRY',
    );
  const { state, api, say } = options;
  const parts = requireParts(NODE_PARTS, process.env);
  const part = (name: (typeof NODE_PARTS)[number]): string => parts.get(name) ?? name;
  const directory = join(state.path, 'node');
  const [kubeletPort = 0] = await freePorts(1);
  await writeConfiguration(options, { part, directory, kubeletPort });
  const { spec } = KubernetesService.parse(
    await api.expectOk('GET', '/api/v1/namespaces/default/services/kubernetes'),
  );
  await makeCgroup(state.cgroup);

  const children: Child[] = [];
  const tunnels: Tunnel[] = [];
  const stop = async (): Promise<void> => {
    // The last one first; with process 1, which is the first, everything that still runs ends.
    for (const child of children.toReversed()) await child.stop('SIGKILL');
    for (const tunnel of tunnels) await tunnel.close();
  };
  const begin = async (name: string, command: readonly string[], env?: NodeJS.ProcessEnv): Promise<void> => {
    const [program = '', ...args] = command;
    const logFile = join(state.path, `${name}.log`);
    children.push(
      await startChild({ name, command: program, args, logFile, ...(env === undefined ? {} : { env }) }),
    );
  };
  try {
    const ready = join(directory, 'ready');
    await begin('node', [
      ...NAMESPACES,
      fileURLToPath(new URL('node.sh', import.meta.url)),
      part('busybox'),
      ready,
      spec.clusterIP,
    ]);
    await until(children, 'the namespaces of the node', () => existsSync(ready));
    const inside = enter(children[0]?.pid ?? 0);
    const socketOf = (port: number): string => join(directory, `${port}.sock`);
    const apiPort = Number(new URL(api.url).port);
    const registryPort = Number(options.registryHost.split(':')[1]);
    for (const port of [apiPort, registryPort])
      tunnels.push(await openTunnel({ port, socketPath: socketOf(port) }));
    // The API server asks the kubelet for logs, for commands in pods and for their ports.
    tunnels.push(await openTunnelInto({ port: kubeletPort, socketPath: socketOf(kubeletPort) }));
    const leads = [
      [`127.0.0.1:${apiPort}`, socketOf(apiPort)],
      [`127.0.0.1:${registryPort}`, socketOf(registryPort)],
      [`${spec.clusterIP}:${spec.ports[0].port}`, socketOf(apiPort)],
      [`${spec.clusterIP}:${registryPort}`, socketOf(registryPort)],
      [socketOf(kubeletPort), `127.0.0.1:${kubeletPort}`],
    ].flat();
    const tunnelEnd = fileURLToPath(new URL('tunnel-end.ts', import.meta.url));
    await begin('tunnel', [...inside, process.execPath, tunnelEnd, ...leads]);
    say('starts containerd');
    const path = [dirname(part('containerd-shim-runc-v2')), process.env['PATH'], '/usr/sbin', '/sbin'].join(
      delimiter,
    );
    const toml = join(directory, 'containerd.toml');
    await begin('containerd', [...inside, part('containerd'), '--config', toml], {
      ...process.env,
      PATH: path,
    });
    say('starts the kubelet');
    await begin('kubelet', [...inside, part('kubelet'), ...kubeletFlags(options, directory, spec.clusterIP)]);
    await until(children, 'the node is ready', () => nodeIsReady(api));
    return { podSideAddress: spec.clusterIP, stop };
  } catch (error) {
    const tails = await Promise.all(
      children.map(async (child) => `--- ${child.name}\n${await child.logTail()}`),
    );
    await stop();
    throw new Error(`the node did not start: ${String(error)}\n${tails.join('\n')}`, { cause: error });
  }
}

const NAMESPACES = [
  '/usr/bin/unshare',
  '--mount',
  '--net',
  '--pid',
  '--fork',
  '--kill-child=KILL',
  '--mount-proc',
  '/bin/sh',
];

/** unshare itself is in the new namespaces, but for that of processes, in which only its children are. */
function enter(pid: number): readonly string[] {
  const namespace = (name: string): string => `/proc/${pid}/ns/${name}`;
  return [
    '/usr/bin/nsenter',
    `--mount=${namespace('mnt')}`,
    `--net=${namespace('net')}`,
    `--pid=${namespace('pid_for_children')}`,
    '--',
  ];
}

async function writeConfiguration(
  { state, registryHost, sandboxImage }: NodeOptions,
  {
    part,
    directory,
    kubeletPort,
  }: {
    readonly part: (name: (typeof NODE_PARTS)[number]) => string;
    readonly directory: string;
    readonly kubeletPort: number;
  },
): Promise<void> {
  const cniConfig = join(directory, 'cni');
  await mkdir(cniConfig, { recursive: true });
  await writeFile(join(cniConfig, '10-headwind.conflist'), CNI_CONFIG);
  await writeFile(
    join(directory, 'kubelet.yaml'),
    kubeletConfig({ cgroup: state.cgroup, port: kubeletPort }),
  );
  const toml = containerdConfig({
    directory: join(directory, 'containerd'),
    registryHost,
    sandboxImage,
    runc: part('runc'),
    cniPlugins: part('cni-plugins'),
    cniConfig,
  });
  await writeFile(join(directory, 'containerd.toml'), toml);
}

function kubeletFlags({ api }: NodeOptions, directory: string, address: string): readonly string[] {
  const minor = Number(/^v1\.(\d+)/.exec(api.version)?.[1] ?? 0);
  return [
    `--kubeconfig=${api.admin.kubeconfigPath}`,
    `--config=${join(directory, 'kubelet.yaml')}`,
    `--root-dir=${join(directory, 'kubelet')}`,
    `--cert-dir=${join(directory, 'certificates')}`,
    `--container-runtime-endpoint=unix://${CONTAINERD_SOCKET}`,
    // Until 1.23 docker was what it looked for by itself; the flag is gone since 1.27.
    ...(minor < 24 ? ['--container-runtime=remote'] : []),
    `--hostname-override=${NODE_NAME}`,
    // Any but a loopback one: without it the node has no addresses, and kubectl no way to its pods.
    `--node-ip=${address}`,
    '--runtime-cgroups=/',
    '--kubelet-cgroups=/',
  ];
}

async function nodeIsReady(api: ControlPlaneAccess): Promise<boolean> {
  const { conditions } = NodeObject.parse(await api.expectOk('GET', `/api/v1/nodes/${NODE_NAME}`)).status;
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True') throw new Error(`it is not: ${ready?.message ?? 'no condition yet'}`);
  return true;
}

async function until(
  children: readonly Child[],
  what: string,
  check: () => boolean | Promise<boolean>,
): Promise<void> {
  const watched = async (): Promise<boolean> => {
    const ended = children.find((child) => !child.running());
    if (ended !== undefined) throw new NoUseWaitingError(`${ended.name} has ended`);
    return check();
  };
  await eventually(watched, { what, timeoutMs: START_TIMEOUT_MS, everyMs: 100 });
}
