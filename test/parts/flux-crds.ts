import type { ControlPlaneAccess } from './control-plane-access.ts';
import { eventually } from './eventually.ts';
import { applyManifest } from './manifests.ts';

/** The kinds of Flux that Headwind deals with, by name and group alone: their fields are Flux's business. */
export const FLUX_KINDS = {
  HelmRelease: { group: 'helm.toolkit.fluxcd.io', plural: 'helmreleases', shortNames: ['hr'], version: 'v2' },
  HelmRepository: {
    group: 'source.toolkit.fluxcd.io',
    plural: 'helmrepositories',
    shortNames: ['helmrepo'],
    version: 'v1',
  },
  OCIRepository: {
    group: 'source.toolkit.fluxcd.io',
    plural: 'ocirepositories',
    shortNames: ['ocirepo'],
    version: 'v1',
  },
} as const;
export type FluxKind = keyof typeof FLUX_KINDS;

const KINDS: readonly FluxKind[] = ['HelmRelease', 'HelmRepository', 'OCIRepository'];

/** A CustomResourceDefinition of a kind of Flux that takes any spec and has a status of its own, as Flux's have. */
export function fluxCrd(
  kind: FluxKind,
  version: string = FLUX_KINDS[kind].version,
): {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: object;
} {
  const { group, plural, shortNames } = FLUX_KINDS[kind];
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [...shortNames],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: anything,
                status: anything,
              },
            },
          },
        },
      ],
    },
  };
}

/** The collection of a kind in one namespace. */
export function fluxPath(
  kind: FluxKind,
  namespace: string,
  version: string = FLUX_KINDS[kind].version,
): string {
  const { group, plural } = FLUX_KINDS[kind];
  return `/apis/${group}/${version}/namespaces/${namespace}/${plural}`;
}

/** One object of Flux with `headwind.sh/` annotations (given without that prefix), ready to be created. */
export function fluxObject(
  kind: FluxKind,
  object: {
    readonly name: string;
    readonly spec: object;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly version?: string;
  },
): object {
  const { group, version } = FLUX_KINDS[kind];
  const annotations = Object.entries(object.annotations ?? {});
  return {
    apiVersion: `${group}/${object.version ?? version}`,
    kind,
    metadata: {
      name: object.name,
      annotations: Object.fromEntries(annotations.map(([key, value]) => [`headwind.sh/${key}`, value])),
    },
    spec: object.spec,
  };
}

/** Installs them all, and waits until the API server serves them. May be called any number of times. */
export async function installFluxCrds(access: ControlPlaneAccess): Promise<void> {
  for (const kind of KINDS) await applyManifest(access, fluxCrd(kind));
  for (const kind of KINDS) {
    const { group, version, plural } = FLUX_KINDS[kind];
    await eventually(
      async () => (await access.request('GET', `/apis/${group}/${version}/${plural}`)).status === 200,
      { what: `the API server serves ${plural}.${group}`, timeoutMs: 30_000 },
    );
  }
}
