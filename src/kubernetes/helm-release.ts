import { z } from 'zod';
import { chartRepository } from '../core/chart-source.ts';
import {
  chartSourceBlocker,
  fluxOwnsRange,
  isExactVersion,
  otherRunning,
  runningVersion,
  tagOfVersion,
  versionOfTag,
} from '../core/release-chart.ts';
import type { Artifact, ReleaseChart, Workload } from '../core/workload.ts';
import { trimmedEnd } from '../core/trimmed.ts';
import { APPLIED_REQUEST, goDurationMs, type KnownSource } from './flux-sources.ts';
import { Annotated, HISTORY_KEY, ownAnnotations, POLICY_KEY } from './kinds.ts';
import type { OptionalResource } from './served-version.ts';

/** Flux's releases; what Headwind reads of them is alike in all of these versions, as far as it is there. */
export const HELM_RELEASES: OptionalResource = {
  group: 'helm.toolkit.fluxcd.io',
  versions: ['v2', 'v2beta2', 'v2beta1'],
  plural: 'helmreleases',
};

const Text = z.string().min(1).optional().catch(undefined);
const Ref = z.object({ kind: z.string(), name: z.string(), namespace: Text });

// Whatever cannot be read is as good as absent: one release never keeps the others from being seen.
const HelmRelease = z.object({
  spec: z.object({
    suspend: z.boolean().optional().catch(undefined),
    interval: Text,
    chart: z
      .object({
        spec: z.object({
          chart: z.string().min(1),
          version: z.string().optional().catch(undefined),
          interval: Text,
          sourceRef: Ref,
        }),
      })
      .nullish()
      .catch(undefined),
    chartRef: Ref.nullish().catch(undefined),
  }),
  status: z
    .object({
      lastAttemptedRevision: Text,
      history: z
        .array(z.object({ chartName: z.string(), chartVersion: z.string() }).nullable().catch(null))
        .nullish()
        .catch(undefined),
    })
    .nullish()
    .catch(undefined),
});
type HelmRelease = z.infer<typeof HelmRelease>;

/**
 * What is kept of a HelmRelease that carries `headwind.sh/policy`, without its update history; undefined for every other
 * one. `resolveRelease` completes it. Throws where the object is no HelmRelease.
 */
export function projectRelease(object: unknown, apiVersion: string): Workload | undefined {
  const { metadata } = Annotated.parse(object);
  const annotations = metadata.annotations ?? {};
  if (typeof annotations[POLICY_KEY] !== 'string') return undefined;
  return toWorkload(object, apiVersion, ownAnnotations(annotations, HISTORY_KEY));
}

/** The same of a HelmRelease fetched in full, whether it carries the policy or not, with its update history. */
export function readRelease(object: unknown, apiVersion: string): Workload {
  const { metadata } = Annotated.parse(object);
  return toWorkload(object, apiVersion, ownAnnotations(metadata.annotations ?? {}, undefined));
}

function toWorkload(object: unknown, apiVersion: string, annotations: Record<string, string>): Workload {
  const { namespace, name, uid, resourceVersion } = Annotated.parse(object).metadata;
  const release = HelmRelease.parse(object);
  const artifact = artifactOf(release, namespace);
  return {
    kind: 'HelmRelease',
    apiVersion,
    namespace,
    name,
    uid,
    resourceVersion,
    annotations,
    artifacts: artifact === undefined ? [] : [artifact],
    pullSecrets: [],
    serviceAccount: 'default',
    ...(release.spec.suspend === true ? { suspended: true } : {}),
  };
}

function artifactOf(release: HelmRelease, namespace: string): Artifact | undefined {
  const { chart, chartRef } = release.spec;
  if (chart != null) return artifactOfTemplate(release, chart.spec, namespace);
  return chartRef == null ? undefined : artifactOfReference(release, chartRef, namespace);
}

function artifactOfTemplate(
  { spec, status }: HelmRelease,
  template: NonNullable<HelmRelease['spec']['chart']>['spec'],
  namespace: string,
): Artifact {
  const { chart: name, version = '', sourceRef } = template;
  const running = runningVersion(statusOf(status), name);
  const other = otherRunning(version, running);
  const follows = sourceRef.kind === 'HelmRepository';
  const intervalMs = goDurationMs(template.interval ?? spec.interval);
  const release: ReleaseChart = {
    setIn: 'release',
    ...(follows
      ? {
          source: {
            kind: 'HelmRepository',
            namespace: sourceRef.namespace ?? namespace,
            name: sourceRef.name,
          },
        }
      : { obstacle: chartSourceBlocker(`spec.chart.spec.sourceRef is a ${sourceRef.kind}: ${HOLDS_ONE}`) }),
    ...(follows && !isExactVersion(version)
      ? { obstacle: fluxOwnsRange('spec.chart.spec.version', version, running) }
      : {}),
    ...(other === undefined ? {} : { running: other }),
    ...(intervalMs === undefined ? {} : { intervalMs }),
  };
  return { type: 'chart', name, image: `${name}:${version === '' ? '*' : version}`, release };
}

const HOLDS_ONE = 'it holds one version of the chart, whatever is written here';

/** Chart and version stand in another object: they come with `resolveRelease`. */
function artifactOfReference(
  { spec, status }: HelmRelease,
  { kind, name, namespace = '' }: z.infer<typeof Ref>,
  own: string,
): Artifact {
  const elsewhere = namespace !== '' && namespace !== own;
  const { newest } = statusOf(status);
  const running = newest?.chartVersion ?? status?.lastAttemptedRevision;
  const intervalMs = goDurationMs(spec.interval);
  const release: ReleaseChart = {
    setIn: 'source',
    ...(running === undefined ? {} : { running }),
    ...(intervalMs === undefined ? {} : { intervalMs }),
  };
  const refuse = (message: string): Artifact => ({
    type: 'chart',
    name,
    image: name,
    release: { ...release, obstacle: chartSourceBlocker(message) },
  });
  if (kind !== 'OCIRepository')
    return refuse(
      `spec.chartRef is a ${kind}: Headwind sets the version of an OCIRepository, or in spec.chart`,
    );
  // Whoever may write here may not write there, and Headwind is not to be what bridges that.
  if (elsewhere)
    return refuse(
      `spec.chartRef is in namespace ${namespace}: Headwind changes nothing beyond the release's own`,
    );
  const unresolved: ReleaseChart = {
    ...release,
    source: { kind, namespace: own, name },
    unresolved: true,
    obstacle: notThere(kind, own, name),
  };
  return { type: 'chart', name, image: name, release: unresolved };
}

/**
 * Completes a release by what is known of its source: the chart's repository, and where the source sets the version
 * also chart and version. `find` answers undefined where there is no such source, and `unasked` where that is not known.
 */
export function resolveRelease(
  workload: Workload,
  find: (source: NonNullable<ReleaseChart['source']>) => KnownSource | 'unasked' | undefined,
): Workload {
  const [artifact] = workload.artifacts;
  const reference = artifact?.release?.source;
  if (artifact?.release === undefined || reference === undefined) return workload;
  const known = find(reference);
  if (known === 'unasked') return workload;
  const { release } = artifact;
  if (known === undefined) {
    const { kind, namespace, name } = reference;
    const obstacle = release.obstacle ?? notThere(kind, namespace, name);
    return { ...workload, artifacts: [{ ...artifact, release: { ...release, obstacle } }] };
  }
  const resolved =
    release.setIn === 'source'
      ? resolveBySource(release, known)
      : {
          ...artifact,
          release: withRepository(release, artifact.name, known),
        };
  return { ...workload, artifacts: [resolved] };
}

/** The version is that of the OCIRepository: digest before range before tag, as Flux has it. */
function resolveBySource(before: ReleaseChart, known: KnownSource): Artifact {
  const { obstacle: _, unresolved: __, running, ...release } = before;
  const { url } = known.source;
  const { tag = 'latest', semver, digest } = known.ref ?? {};
  const name = trimmedEnd(url, '/').replace(/^.*\//, '');
  const version = semver ?? versionOfTag(tag);
  const other = semver === undefined ? otherRunning(version, running) : running;
  const obstacle =
    digest === undefined
      ? semver === undefined
        ? undefined
        : fluxOwnsRange('spec.ref.semver of the OCIRepository', semver, running)
      : chartSourceBlocker('spec.ref.digest of the OCIRepository pins the chart, and comes before a tag');
  return {
    type: 'chart',
    name,
    image: `${name}:${version}`,
    release: withRepository(
      {
        ...release,
        ...(other === undefined ? {} : { running: other }),
        ...(obstacle === undefined ? {} : { obstacle }),
      },
      name,
      known,
    ),
  };
}

function withRepository(release: ReleaseChart, chart: string, { source }: KnownSource): ReleaseChart {
  const repository = source.type === 'oci' ? chartRepository(source, chart) : undefined;
  return repository?.ok === true ? { ...release, repository: repository.value } : release;
}

function statusOf(status: HelmRelease['status']): Parameters<typeof runningVersion>[0] {
  return {
    newest: status?.history?.[0] ?? undefined,
    lastAttemptedRevision: status?.lastAttemptedRevision,
  };
}

function notThere(kind: string, namespace: string, name: string): ReturnType<typeof chartSourceBlocker> {
  return chartSourceBlocker(`there is no ${kind} ${namespace}/${name} that Headwind can see`);
}

/** The tag that makes an OCIRepository bring `image`, in the form of the change that Headwind makes of it. */
export function ociRepositoryPatch(
  image: string,
  change: { readonly resourceVersion: string; readonly appliedBy: string | undefined },
): object {
  const { resourceVersion, appliedBy } = change;
  const annotations = appliedBy === undefined ? {} : { annotations: { [APPLIED_REQUEST]: appliedBy } };
  return {
    metadata: { resourceVersion, ...annotations },
    spec: { ref: { tag: tagOfVersion(image.slice(image.lastIndexOf(':') + 1)) } },
  };
}
