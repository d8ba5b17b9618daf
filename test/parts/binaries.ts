import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

interface Part {
  /** The Debian package that it is taken from. */
  readonly package: string | undefined;
  /** Where it lies in that package, if not in `usr/bin` under its own name. */
  readonly inPackage?: string;
  readonly elsewhere: string;
}

/** Under which Debian's libraries lie. */
const TRIPLETS: ReadonlyMap<string, string> = new Map([
  ['x64', 'x86_64-linux-gnu'],
  ['arm64', 'aarch64-linux-gnu'],
]);

/** The programs that tests run beside Headwind, and how each is had where `make parts` cannot bring it. */
export const PARTS = {
  etcd: { package: 'etcd-server', elsewhere: 'https://github.com/etcd-io/etcd/releases' },
  'kube-apiserver': { package: undefined, elsewhere: 'https://kubernetes.io/releases/download/#binaries' },
  'kube-controller-manager': {
    package: undefined,
    elsewhere: 'https://kubernetes.io/releases/download/#binaries',
  },
  'kube-scheduler': { package: undefined, elsewhere: 'https://kubernetes.io/releases/download/#binaries' },
  kubelet: { package: undefined, elsewhere: 'https://kubernetes.io/releases/download/#binaries' },
  kubectl: { package: 'kubernetes-client', elsewhere: 'https://kubernetes.io/docs/tasks/tools/#kubectl' },
  /** What Debian's Kubernetes is too old for; under this name, beside the others. */
  'kube-apiserver-1.33': {
    package: undefined,
    elsewhere: 'https://kubernetes.io/releases/download/#binaries',
  },
  'kubectl-1.33': { package: undefined, elsewhere: 'https://kubernetes.io/releases/download/#binaries' },
  helm: { package: undefined, elsewhere: 'https://helm.sh/docs/intro/install' },
  'docker-registry': {
    package: 'docker-registry',
    elsewhere: 'https://github.com/distribution/distribution',
  },
  skopeo: { package: 'skopeo', elsewhere: 'https://github.com/containers/skopeo/blob/main/install.md' },
  umoci: { package: 'umoci', elsewhere: 'https://github.com/opencontainers/umoci/releases' },
  containerd: { package: 'containerd', elsewhere: 'https://github.com/containerd/containerd/releases' },
  'containerd-shim-runc-v2': {
    package: 'containerd',
    elsewhere: 'https://github.com/containerd/containerd/releases',
  },
  runc: {
    package: 'runc',
    inPackage: 'usr/sbin/runc',
    elsewhere: 'https://github.com/opencontainers/runc/releases',
  },
  /** Drives the dashboard as people do. */
  chromium: {
    package: 'chromium',
    elsewhere: 'https://www.chromium.org/getting-involved/download-chromium/',
  },
  /** Keep what Headwind's metrics were, for its charts. */
  prometheus: { package: 'prometheus', elsewhere: 'https://prometheus.io/download' },
  /** Checks the alert rules. */
  promtool: { package: 'prometheus', elsewhere: 'https://prometheus.io/download' },
  'victoria-metrics': {
    package: 'victoria-metrics',
    elsewhere: 'https://github.com/VictoriaMetrics/VictoriaMetrics/releases',
  },
  /** A directory of programs, not one program. */
  'cni-plugins': {
    package: 'containernetworking-plugins',
    inPackage: 'usr/lib/cni',
    elsewhere: 'https://github.com/containernetworking/plugins/releases',
  },
  /** Called in documented commands, and read the examples in Python. */
  jq: { package: 'jq', elsewhere: 'https://jqlang.org/download' },
  python3: { package: 'python3-minimal', elsewhere: 'https://www.python.org/downloads' },
  /** A library, not a program: sets the clock of whoever loads it before all others. */
  libfaketime: {
    package: 'libfaketime',
    inPackage: `usr/lib/${TRIPLETS.get(process.arch) ?? process.arch}/faketime/libfaketime.so.1`,
    elsewhere: 'https://github.com/wolfcw/libfaketime',
  },
  /** Linked statically: it is all that the images of `make e2e` hold. */
  busybox: { package: 'busybox-static', inPackage: 'bin/busybox', elsewhere: 'https://busybox.net' },
} as const satisfies Readonly<Record<string, Part>>;

export type PartName = keyof typeof PARTS;

/** What the tests need that run without a node. */
export const TEST_PARTS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
  'kube-apiserver-1.33',
  'kubectl-1.33',
  'helm',
  'docker-registry',
  'skopeo',
  'umoci',
  'chromium',
  'jq',
  'python3',
  'prometheus',
  'promtool',
  'victoria-metrics',
  'libfaketime',
] as const satisfies readonly PartName[];

/** What a node with real pods needs beside the control plane, for `make e2e`. */
export const NODE_PARTS = [
  'kube-scheduler',
  'kubelet',
  'containerd',
  'containerd-shim-runc-v2',
  'runc',
  'cni-plugins',
  'busybox',
] as const satisfies readonly PartName[];

/** The plugins that the pods' network needs. */
const CNI_PLUGINS = ['bridge', 'host-local', 'loopback'] as const;

/** Thrown when a part is nowhere; its message names each missing part and how to get it. */
export class MissingPartsError extends Error {
  override readonly name = 'MissingPartsError';
  readonly missing: readonly PartName[];

  constructor(missing: readonly PartName[], places: readonly string[]) {
    super(describeMissing(missing, places));
    this.missing = missing;
  }
}

/**
 * The directories that are searched, the first hit counting: `KUBEBUILDER_ASSETS`, then `PATH`, then the cache.
 * `/usr/sbin` is added because Debian's users do not all have it on PATH.
 */
export function searchPlaces(env: NodeJS.ProcessEnv): readonly string[] {
  const assets = env['KUBEBUILDER_ASSETS'];
  const path = (env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return [
    ...(assets === undefined || assets === '' ? [] : [assets]),
    ...path,
    '/usr/sbin',
    cacheDirectory(env),
  ];
}

/** Where `make parts` keeps what it downloads or builds: `headwind-k8s` under `XDG_CACHE_HOME` or `~/.cache`. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_CACHE_HOME'];
  const home = env['HOME'] ?? homedir();
  return join(base === undefined || base === '' ? join(home, '.cache') : base, 'headwind-k8s');
}

/** The full path of a part, or undefined where none of the places has it. */
export function findPart(name: PartName, env: NodeJS.ProcessEnv): string | undefined {
  if (name === 'cni-plugins') return findCniPlugins(env);
  if (name === 'libfaketime') return findLibrary(name, env);
  return searchPlaces(env)
    .map((directory) => join(directory, name))
    .find((path) => isExecutable(path) && (name !== 'busybox' || isStatic(path)));
}

/** PATH is of no use here: another program called `bridge` is usually on it. */
function findCniPlugins(env: NodeJS.ProcessEnv): string | undefined {
  const assets = env['KUBEBUILDER_ASSETS'];
  const kept = join(cacheDirectory(env), 'cni-plugins');
  const places = [
    ...(assets === undefined || assets === '' ? [] : [assets]),
    '/usr/lib/cni',
    '/opt/cni/bin',
    kept,
  ];
  return places.find((place) => CNI_PLUGINS.every((plugin) => isExecutable(join(place, plugin))));
}

/** The full paths of all parts named; throws a MissingPartsError that lists every one that is nowhere. */
export function requireParts<Name extends PartName>(
  names: readonly Name[],
  env: NodeJS.ProcessEnv,
): ReadonlyMap<Name, string> {
  const found = new Map<Name, string>();
  for (const name of names) {
    const path = findPart(name, env);
    if (path !== undefined) found.set(name, path);
  }
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0) throw new MissingPartsError(missing, searchPlaces(env));
  return found;
}

/** The full path of one part; throws a MissingPartsError where it is nowhere. */
export function requirePart(name: PartName, env: NodeJS.ProcessEnv): string {
  const path = findPart(name, env);
  if (path === undefined) throw new MissingPartsError([name], searchPlaces(env));
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where it is installed, it lies under the name that its package gives it. */
function findLibrary(name: 'libfaketime', env: NodeJS.ProcessEnv): string | undefined {
  const installed = join('/', PARTS[name].inPackage);
  return [...searchPlaces(env).map((directory) => join(directory, name)), installed].find(isReadable);
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether an ELF program names no loader, which stands near its beginning. */
function isStatic(path: string): boolean {
  const head = Buffer.alloc(4096);
  const file = openSync(path, 'r');
  try {
    readSync(file, head);
  } finally {
    closeSync(file);
  }
  return !head.includes('/ld-');
}

function describeMissing(missing: readonly PartName[], places: readonly string[]): string {
  const lines = missing.map((name) => {
    const part: Part = PARTS[name];
    const debian = part.package === undefined ? '' : `Debian package ${part.package}, or `;
    return `  ${name}: ${debian}${part.elsewhere}`;
  });
  return [
    `Missing for the tests: ${missing.join(', ')}.`,
    'On Debian, `make parts` brings them (as root for packages; Kubernetes and Helm are downloaded, or built once in about 20 minutes).',
    'Elsewhere, put them on PATH or into the directory that KUBEBUILDER_ASSETS names:',
    ...lines,
    `Looked in: ${places.join(', ')}.`,
  ].join('\n');
}
