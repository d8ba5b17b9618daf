import { readFile } from 'node:fs/promises';
import { formatProblems } from '../../config/problem.ts';
import { readRegistryConfig } from '../../config/registry-config.ts';
import { readRegistryHosts } from '../../config/values.ts';
import { settingsOf } from '../../core/annotations.ts';
import { isChart, parseArtifact } from '../../core/artifact-reference.ts';
import type { Blocker } from '../../core/blocker.ts';
import type { Clock } from '../../core/clock.ts';
import type { Confirmation } from '../../core/decision.ts';
import { repositoryKey, type Repository } from '../../core/image-reference.ts';
import { tagOfVersion, versionOfTag } from '../../core/release-chart.ts';
import { selectsArtifact } from '../../core/selection.ts';
import type { Artifact, Workload } from '../../core/workload.ts';
import { createRegistry, type TagListing } from '../../registry/client.ts';
import { UsageError } from '../exit.ts';
import { readDockerLogins } from './docker-logins.ts';

/** Asks the registries for whoever runs the simulation. */
export interface AskedRegistry {
  /** All versions that there are of an artifact, why that is not known, or undefined where nothing is to be asked. */
  tagsOf(
    workload: Workload,
    artifact: Artifact,
  ): Promise<{ readonly tags: readonly string[] } | { readonly blocker: Blocker } | undefined>;
  confirm(artifact: Artifact, tag: string): Promise<Confirmation>;
  close(): void;
}

const SILENT = { debug: () => {}, warn: () => {} };
const CODES = {
  'over-budget': 'tag-budget',
  missing: 'tag-missing',
  unavailable: 'registry',
} as const satisfies Record<Exclude<TagListing['outcome'], 'complete'>, Blocker['code']>;

/** Opens it, with the operator's own settings about registries as far as they are in `env`. Throws UsageError. */
export async function openRegistry({
  env,
  clock,
}: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}): Promise<AskedRegistry> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8');
  const insecure = readRegistryHosts(env['HEADWIND_INSECURE_REGISTRIES'] ?? '');
  if (!insecure.ok) throw new UsageError(`HEADWIND_INSECURE_REGISTRIES: expected ${insecure.error}`);
  const config = await readRegistryConfig({ file: env['HEADWIND_REGISTRY_CONFIG'], readFile: read });
  if (!config.ok)
    throw new UsageError(`HEADWIND_REGISTRY_CONFIG: ${formatProblems(config.error).join('; ')}`);
  const loginsOf = await readDockerLogins({ env, readFile: read });
  const registry = createRegistry({
    insecureHosts: insecure.value,
    config: config.value,
    clock,
    log: SILENT,
  });
  const nobodyBecause = 'your docker has no login there';
  const listings = new Map<string, Promise<TagListing>>();
  const list = (repository: Repository): Promise<TagListing> => {
    const key = repositoryKey(repository);
    const credentials = (): ReturnType<typeof loginsOf> => loginsOf(repository);
    const listing = listings.get(key) ?? registry.listTags({ repository, credentials, nobodyBecause });
    listings.set(key, listing);
    return listing;
  };

  return {
    async tagsOf(workload, artifact) {
      const repository = wantedRepository(workload, artifact);
      if (repository === undefined) return undefined;
      const listing = await list(repository);
      if (listing.outcome !== 'complete')
        return { blocker: { code: codeOf(listing), message: listing.message } };
      return { tags: artifact.type === 'chart' ? listing.tags.map(versionOfTag) : listing.tags };
    },
    async confirm(artifact, version) {
      const reference = parseArtifact(artifact);
      const repository = reference.ok ? reference.value.repository : undefined;
      if (repository === undefined) return { outcome: 'not-asked' };
      const tag = artifact.type === 'chart' ? tagOfVersion(version) : version;
      const credentials = (): ReturnType<typeof loginsOf> => loginsOf(repository);
      return registry.confirm({ repository, tag, credentials, nobodyBecause });
    },
    close: () => registry.close(),
  };
}

function codeOf(listing: Exclude<TagListing, { outcome: 'complete' }>): Blocker['code'] {
  const isDenied = listing.outcome === 'unavailable' && listing.denied === true;
  return isDenied ? 'registry-auth' : CODES[listing.outcome];
}

/** Nothing is asked for what stays as it is whatever there is. */
function wantedRepository(workload: Workload, artifact: Artifact): Repository | undefined {
  const { settings, problems } = settingsOf(workload);
  const reference = parseArtifact(artifact);
  if (!reference.ok || problems.length > 0 || settings.policy === 'none') return undefined;
  if (!selectsArtifact(settings.images, artifact.name, reference.value)) return undefined;
  if (isChart(reference.value) && artifact.release?.obstacle !== undefined) return undefined;
  return reference.value.repository;
}
