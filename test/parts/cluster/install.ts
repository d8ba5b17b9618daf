import { z } from 'zod';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import {
  applyManifest,
  crdEstablished,
  installationFiles,
  pathOf,
  Manifest,
  readManifests,
} from '../manifests.ts';
import type { ClusterFacts } from './setup.ts';

export const NAMESPACE = 'headwind-system';

/** Kinds that other Headwinds in the same cluster have no use for. */
const OWN_KINDS: ReadonlySet<string> = new Set(['ConfigMap', 'Secret', 'Service', 'Deployment']);

const Template = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({ containers: z.tuple([z.looseObject({ image: z.string() })]) }),
    }),
  }),
});
const Data = z.looseObject({ data: z.record(z.string(), z.string()) });

/** What an installation has to say of the place that it is in. */
export interface Place {
  /** Headwind's own image. */
  readonly image: string;
  /** More entries for the ConfigMap. */
  readonly settings: Readonly<Record<string, string>>;
  /** Files for the Secret that the Deployment mounts at /etc/headwind/webhooks. */
  readonly files: Readonly<Record<string, string>>;
  /** The namespace that it is put in, where that is not the one that is shipped: so that two of them can stand side by side. */
  readonly home?: string;
  /** As shipped, unless told. */
  readonly replicas?: number;
}

/** What Headwind must be told of this cluster: which namespace is its own here, and where it finds the registry. */
export function placeIn(
  { registryUrl, podSideRegistry }: ClusterFacts,
  { image, namespace }: { readonly image: string; readonly namespace: string },
): Place {
  const { host, protocol } = new URL(registryUrl);
  const settings = { HEADWIND_NAMESPACES: namespace };
  if (podSideRegistry === undefined) {
    const insecure = protocol === 'http:' ? { HEADWIND_INSECURE_REGISTRIES: host } : {};
    return { image, settings: { ...settings, ...insecure }, files: {} };
  }
  const hosts = { [host]: { mirrors: [podSideRegistry] }, [podSideRegistry]: { insecure: true } };
  return {
    image,
    settings: { ...settings, HEADWIND_REGISTRY_CONFIG: '/etc/headwind/webhooks/registries.yaml' },
    files: { 'registries.yaml': JSON.stringify({ hosts }) },
  };
}

/**
 * Applies the shipped manifests, in which only the image's name and the place are changed. What it answers takes away what
 * is Headwind's alone; namespace, CRD and roles stay for others.
 */
export async function install(api: ControlPlaneAccess, place: Place): Promise<() => Promise<void>> {
  const shipped = (await Promise.all((await installationFiles()).map(readManifests))).flat();
  const secret: Manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'headwind-webhook-secrets', namespace: NAMESPACE },
    stringData: place.files,
  };
  const [namespaces, others] = [
    shipped.filter(({ kind }) => kind === 'Namespace'),
    shipped.filter(({ kind }) => kind !== 'Namespace'),
  ];
  const manifests = [...namespaces, secret, ...others.map((manifest) => adapt(manifest, place))].map(
    (manifest) => moved(manifest, place.home ?? NAMESPACE),
  );
  for (const manifest of manifests) {
    await applyManifest(api, manifest);
    if (manifest.kind === 'CustomResourceDefinition') await crdEstablished(api);
  }
  return async () => {
    for (const manifest of manifests.filter(({ kind }) => OWN_KINDS.has(kind)))
      await api.request('DELETE', await pathOf(api, manifest));
    const { home = NAMESPACE } = place;
    if (home === NAMESPACE) return;
    await api.request('DELETE', `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${home}`);
    await api.request('DELETE', `/api/v1/namespaces/${home}`);
  };
}

/** Into another namespace; what binds its role for the whole cluster is called as that namespace is. */
function moved(manifest: Manifest, home: string): Manifest {
  if (home === NAMESPACE) return manifest;
  const elsewhere = Manifest.parse(JSON.parse(JSON.stringify(manifest).replaceAll(NAMESPACE, home)));
  if (manifest.kind !== 'ClusterRoleBinding') return elsewhere;
  return { ...elsewhere, metadata: { ...elsewhere.metadata, name: home } };
}

function adapt(manifest: Manifest, { image, settings, replicas }: Place): Manifest {
  if (manifest.kind === 'ConfigMap')
    return { ...manifest, data: { ...Data.parse(manifest).data, ...settings } };
  if (manifest.kind !== 'Deployment') return manifest;
  const { spec } = Template.parse(manifest);
  const [container] = spec.template.spec.containers;
  const podSpec = { ...spec.template.spec, containers: [{ ...container, image }] };
  const asMany = replicas === undefined ? {} : { replicas };
  return { ...manifest, spec: { ...spec, ...asMany, template: { ...spec.template, spec: podSpec } } };
}
