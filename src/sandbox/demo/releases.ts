import { ANNOTATION } from '../../core/annotations.ts';
import { tagOfVersion } from '../../core/release-chart.ts';
import type { WantedChart } from '../kubernetes/controllers/helm-release.ts';
import type { ObjectStore } from '../kubernetes/store.ts';
import type { EmbeddedRegistry, PushOptions } from '../registry/embedded-registry.ts';
import { AT_ONCE } from './workloads.ts';

export interface SampleRelease {
  readonly namespace: string;
  readonly name: string;
  /** Its name in the embedded registry, below `charts/`. */
  readonly chart: string;
  readonly version: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** What Headwind does with it, in few words. */
  readonly about: string;
}

/** Where charts are in the embedded registry. */
const CHARTS = 'charts';

/** Flux HelmReleases of the demo. */
export const SAMPLE_RELEASES: readonly SampleRelease[] = [
  {
    namespace: 'shop',
    name: 'search',
    chart: 'search',
    version: '3.1.0',
    annotations: { [ANNOTATION.policy]: 'minor' },
    about: 'minor versions of its chart, after approval',
  },
  {
    namespace: 'platform',
    name: 'metrics',
    chart: 'metrics',
    version: '0.8.4',
    annotations: { [ANNOTATION.policy]: 'patch', ...AT_ONCE },
    about: 'patches of its chart, at once',
  },
];

/** Every chart that the sample releases start with. */
export function sampleCharts(): readonly PushOptions[] {
  return SAMPLE_RELEASES.map(({ chart, version }) => ({
    repository: `${CHARTS}/${chart}`,
    tag: version,
    type: 'chart',
  }));
}

/** Creates the releases and, in each of their namespaces, the HelmRepository `charts`; the namespaces have to be there. */
export function createSampleReleases(store: ObjectStore, registry: string): void {
  for (const namespace of new Set(SAMPLE_RELEASES.map((release) => release.namespace)))
    store.create('helmrepositories', {
      metadata: { name: CHARTS, namespace },
      spec: { type: 'oci', url: `oci://${registry}/${CHARTS}`, insecure: true, interval: '10m' },
    });
  for (const { namespace, name, chart, version, annotations } of SAMPLE_RELEASES) {
    const sourceRef = { kind: 'HelmRepository', name: CHARTS };
    store.create('helmreleases', {
      metadata: { name, namespace, annotations },
      spec: { interval: '10m', chart: { spec: { chart, version, sourceRef } } },
    });
  }
}

/** The simulated Flux pulls from the embedded registry and reaches no other. */
export function pullChartFrom(
  registry: EmbeddedRegistry,
  { url, chart, version }: WantedChart,
): { readonly digest: string } | undefined {
  const prefix = `oci://${registry.host}/`;
  if (!url.startsWith(prefix)) return undefined;
  const repository = `${url.slice(prefix.length).replace(/\/+$/, '')}/${chart}`;
  return registry.inspect(repository, tagOfVersion(version));
}
