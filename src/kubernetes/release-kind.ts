import type { Workload } from '../core/workload.ts';
import { isAbsent, KubernetesUnreachableError } from './errors.ts';
import { OCI_REPOSITORIES, readOciRepository, type OciRepositoryState } from './flux-sources.ts';
import { HELM_RELEASES, ociRepositoryPatch, readRelease, resolveRelease } from './helm-release.ts';
import { annotationWrite, type TargetKind, type WorkloadWrite } from './kinds.ts';
import type { OptionalResource } from './served-version.ts';

const CONTENT_TYPE = 'application/merge-patch+json';

/**
 * How releases are changed: the version in the release itself, or in the OCIRepository that it names by `spec.chartRef`;
 * history and times always stand on the release. `servedVersion` answers what the cluster serves of a resource now.
 */
export function createReleaseKind(
  servedVersion: (resource: OptionalResource) => string | undefined,
): TargetKind {
  const apiVersionOf = (resource: OptionalResource): string => {
    const version = servedVersion(resource);
    if (version !== undefined) return `${resource.group}/${version}`;
    throw new KubernetesUnreachableError(`the cluster serves no ${resource.plural}.${resource.group} now`);
  };
  const pathOf = (resource: OptionalResource, namespace: string, name: string): string =>
    `/apis/${apiVersionOf(resource)}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}/${encodeURIComponent(name)}`;

  async function sourceOf(
    workload: Workload,
    get: (path: string) => Promise<unknown>,
  ): Promise<OciRepositoryState | undefined> {
    const { setIn, source } = workload.artifacts[0]?.release ?? {};
    if (setIn !== 'source' || source === undefined) return undefined;
    try {
      const object = await get(pathOf(OCI_REPOSITORIES, source.namespace, source.name));
      return readOciRepository(object, apiVersionOf(OCI_REPOSITORIES));
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  const objectPath = (namespace: string, name: string): string => pathOf(HELM_RELEASES, namespace, name);
  return {
    kind: 'HelmRelease',
    objectPath,
    async fetch(get, namespace, name) {
      const release = readRelease(await get(objectPath(namespace, name)), apiVersionOf(HELM_RELEASES));
      const state = await sourceOf(release, get);
      // Where a release sets its version itself, its source has no say in what is written.
      return withState(
        resolveRelease(release, ({ kind }) => (kind === 'HelmRepository' ? 'unasked' : state?.known)),
        state,
      );
    },
    writes({ namespace, name, artifacts }, { artifact, image, annotations, resourceVersion, appliedBy }) {
      const chart = artifacts.find((known) => known.name === artifact.name)?.release;
      const path = objectPath(namespace, name);
      const metadata = { resourceVersion, annotations };
      if (chart?.setIn !== 'source') {
        const version = image.slice(image.lastIndexOf(':') + 1);
        return [
          { path, contentType: CONTENT_TYPE, body: { metadata, spec: { chart: { spec: { version } } } } },
        ];
      }
      const { source, sourceState } = chart;
      if (source === undefined || sourceState === undefined)
        throw new TypeError('a release was to be changed by a source that was not read');
      const record: WorkloadWrite = { path, contentType: CONTENT_TYPE, body: { metadata } };
      // Set already by this very request, which was broken off before it could be recorded.
      if (appliedBy !== undefined && sourceState.appliedBy === appliedBy) return [record];
      const change = { resourceVersion: sourceState.resourceVersion, appliedBy };
      const set: WorkloadWrite = {
        path: pathOf(OCI_REPOSITORIES, source.namespace, source.name),
        contentType: CONTENT_TYPE,
        body: ociRepositoryPatch(image, change),
      };
      return [set, record];
    },
    annotate: (release, { annotations }) =>
      annotationWrite(objectPath(release.namespace, release.name), release, annotations),
  };
}

function withState(workload: Workload, state: OciRepositoryState | undefined): Workload {
  const [artifact] = workload.artifacts;
  if (state === undefined || artifact?.release === undefined) return workload;
  const { resourceVersion, appliedBy } = state;
  const sourceState = appliedBy === undefined ? { resourceVersion } : { resourceVersion, appliedBy };
  return { ...workload, artifacts: [{ ...artifact, release: { ...artifact.release, sourceState } }] };
}
