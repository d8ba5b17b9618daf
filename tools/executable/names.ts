/** A platform in Node's words (`process.platform`, `process.arch`). */
export interface Platform {
  readonly platform: string;
  readonly arch: string;
}

/** The platforms that are released, in the words of Go, which downloads and Krew use, with those of Node. */
export const RELEASED = [
  { os: 'linux', arch: 'amd64', node: { platform: 'linux', arch: 'x64' } },
  { os: 'linux', arch: 'arm64', node: { platform: 'linux', arch: 'arm64' } },
  { os: 'darwin', arch: 'amd64', node: { platform: 'darwin', arch: 'x64' } },
  { os: 'darwin', arch: 'arm64', node: { platform: 'darwin', arch: 'arm64' } },
  { os: 'windows', arch: 'amd64', node: { platform: 'win32', arch: 'x64' } },
] as const;
export type ReleasedPlatform = (typeof RELEASED)[number];

/** What a program is called there: `headwind`, on Windows `headwind.exe`. */
export function programFile(program: string, { platform }: Pick<Platform, 'platform'>): string {
  return platform === 'win32' ? `${program}.exe` : program;
}

/** Where `make executable` lays it, below dist/: `headwind-linux-x64`. */
export function executableFile(program: string, { platform, arch }: Platform): string {
  return programFile(`${program}-${platform}-${arch}`, { platform });
}

/** The download that holds the program and the licence: `kubectl-headwind-linux-amd64.tar.gz`. */
export function archiveFile(program: string, { os, arch }: Pick<ReleasedPlatform, 'os' | 'arch'>): string {
  return `${program}-${os}-${arch}.tar.gz`;
}

/** The released platform that a machine is of; undefined where there is none. */
export function releasedPlatform({ platform, arch }: Platform): ReleasedPlatform | undefined {
  return RELEASED.find(({ node }) => node.platform === platform && node.arch === arch);
}
