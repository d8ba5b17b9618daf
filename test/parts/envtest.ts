import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { z } from 'zod';
import { fetchBytes, fetchChecked, fetchSha256 } from './download.ts';

/** The Kubernetes version that is downloaded. */
const VERSION = 'v1.34.0';

/** What the archive lacks. */
const BESIDE_THE_ARCHIVE = ['kube-controller-manager', 'kube-scheduler', 'kubelet'] as const;

export interface EnvtestSources {
  /** The list of archives with their SHA-512 sums. */
  readonly index: string;
  /** The official release binaries, each with a `.sha256` beside it: the archive has only some of the programs. */
  readonly binaries: string;
}

export const OFFICIAL_SOURCES: EnvtestSources = {
  index: 'https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml',
  binaries: 'https://dl.k8s.io/release',
};

export interface EnvtestRequest {
  /** Where the programs go. */
  readonly directory: string;
  /** Such as `linux-amd64`. */
  readonly platform: string;
  readonly sources?: EnvtestSources;
  /** How long to wait for the first answer, in milliseconds; 5 s unless told: most often there is none or it comes at once. */
  readonly patienceMs?: number;
}

const Index = z.object({
  releases: z.record(z.string(), z.record(z.string(), z.object({ hash: z.string(), selfLink: z.url() }))),
});

/**
 * Downloads etcd, kube-apiserver and kubectl from the official envtest archive
 * (https://book.kubebuilder.io/reference/envtest), and controller manager, scheduler and kubelet of the same version,
 * checks their sums, and puts them into the directory. Throws, and leaves the directory as it was, when anything is amiss.
 */
export async function downloadEnvtest(request: EnvtestRequest): Promise<readonly string[]> {
  const sources = request.sources ?? OFFICIAL_SOURCES;
  const patienceMs = request.patienceMs ?? 5_000;
  const index = Index.parse(load((await fetchBytes(sources.index, patienceMs)).toString('utf8')));
  const name = `envtest-${VERSION}-${request.platform}.tar.gz`;
  const archive = index.releases[VERSION]?.[name];
  if (archive === undefined) throw new Error(`there is no ${name} in ${sources.index}`);
  const release = `${sources.binaries}/${VERSION}/bin/${request.platform.replace('-', '/')}`;
  const sums = new Map<string, string>();
  for (const program of BESIDE_THE_ARCHIVE)
    sums.set(program, await fetchSha256(`${release}/${program}.sha256`, patienceMs));

  await mkdir(request.directory, { recursive: true });
  const staging = await mkdtemp(join(request.directory, '.envtest-'));
  try {
    const tarball = join(staging, name);
    await writeFile(tarball, await fetchChecked(archive.selfLink, 'sha512', archive.hash));
    await promisify(execFile)('tar', ['-xzf', tarball, '-C', staging, '--strip-components=2']);
    await rm(tarball);
    for (const [program, expected] of sums)
      await writeFile(
        join(staging, program),
        await fetchChecked(`${release}/${program}`, 'sha256', expected),
      );
    const programs = await readdir(staging);
    for (const program of programs) {
      await chmod(join(staging, program), 0o755);
      await rename(join(staging, program), join(request.directory, program));
    }
    return programs;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
