import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fetchChecked, fetchSha256 } from './download.ts';

/** The versions are also those that `build-with-go.sh` builds. */
export const HELM_VERSION = '3.17.3';
export const MODERN_KUBERNETES_VERSION = '1.33.13';

/** Programs that their makers release ready to run, each with its sum beside it. */
export const RELEASED_PARTS = ['helm', 'kube-apiserver-1.33', 'kubectl-1.33'] as const;
export type ReleasedPart = (typeof RELEASED_PARTS)[number];

export interface ReleaseSources {
  readonly kubernetes: string;
  readonly helm: string;
}

export const OFFICIAL_RELEASES: ReleaseSources = {
  kubernetes: 'https://dl.k8s.io/release',
  helm: 'https://get.helm.sh',
};

export interface ReleaseRequest {
  /** Where the program goes, under the part's name. */
  readonly directory: string;
  /** Such as `linux-amd64`. */
  readonly platform: string;
  readonly sources?: ReleaseSources;
  /** How long to wait for the sum, in milliseconds; 5 s unless told: most often it comes at once or never. */
  readonly patienceMs?: number;
}

interface Release {
  readonly url: string;
  readonly sum: string;
  /** Where the program is in what is downloaded; absent where that is the program itself. */
  readonly inArchive?: string;
}

/**
 * Downloads one program, checks it against the SHA-256 sum that is published beside it, and puts it into the directory.
 * Throws, and leaves the directory as it was, when anything is amiss.
 */
export async function downloadRelease(part: ReleasedPart, request: ReleaseRequest): Promise<void> {
  const release = releaseOf(part, request.platform, request.sources ?? OFFICIAL_RELEASES);
  const sum = await fetchSha256(release.sum, request.patienceMs ?? 5_000);
  const bytes = await fetchChecked(release.url, 'sha256', sum);

  await mkdir(request.directory, { recursive: true });
  const staging = await mkdtemp(join(request.directory, '.release-'));
  try {
    const downloaded = join(staging, 'downloaded');
    await writeFile(downloaded, bytes);
    const { inArchive } = release;
    if (inArchive !== undefined)
      await promisify(execFile)('tar', ['-xzf', downloaded, '-C', staging, inArchive]);
    const program = inArchive === undefined ? downloaded : join(staging, inArchive);
    await chmod(program, 0o755);
    await rename(program, join(request.directory, part));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function releaseOf(part: ReleasedPart, platform: string, sources: ReleaseSources): Release {
  if (part === 'helm') {
    const url = `${sources.helm}/helm-v${HELM_VERSION}-${platform}.tar.gz`;
    return { url, sum: `${url}.sha256sum`, inArchive: `${platform}/helm` };
  }
  const program = part.replace('-1.33', '');
  const path = platform.replace('-', '/');
  const url = `${sources.kubernetes}/v${MODERN_KUBERNETES_VERSION}/bin/${path}/${program}`;
  return { url, sum: `${url}.sha256` };
}
