import type { Manifest } from './manifests.ts';

/** How an object of the chart may differ from the one of deploy/k8s without being another one. */
export const TOLERATED = {
  /** A release lives in a namespace that is there before it: `helm install --create-namespace`. */
  missingKinds: ['Namespace'],
  /** By these Helm and people find what belongs to a release. */
  labels: [
    'app.kubernetes.io/instance',
    'app.kubernetes.io/managed-by',
    'app.kubernetes.io/version',
    'helm.sh/chart',
  ],
  /** The CustomResourceDefinition stays when the release goes; a pod is replaced when its environment changes. */
  annotations: ['helm.sh/resource-policy', 'checksum/environment'],
  /** The definition is made by a program, which gives it none. */
  labelsOfDefinitions: ['app.kubernetes.io/name'],
  /** Said by the chart, and the default where the manifests say nothing. */
  defaults: { Service: { type: 'ClusterIP' } },
} as const;

/**
 * The objects by kind, namespace and name, in a form in which only what they mean counts: without what is tolerated, and
 * with the rules of roles and network policies one by one, since their order and grouping means nothing.
 */
export function meaningOf(manifests: readonly Manifest[]): Readonly<Record<string, unknown>> {
  const missing: readonly string[] = TOLERATED.missingKinds;
  const entries = manifests
    .filter(({ kind }) => !missing.includes(kind))
    .map((manifest) => {
      const { kind, metadata } = manifest;
      return [`${kind} ${metadata.namespace ?? ''}/${metadata.name}`, meaning(manifest)] as const;
    });
  return Object.fromEntries(entries);
}

function meaning(manifest: Manifest): unknown {
  const { kind } = manifest;
  const forThisKind = kind === 'CustomResourceDefinition' ? TOLERATED.labelsOfDefinitions : [];
  const clean = withoutTolerated(manifest, {
    labels: [...TOLERATED.labels, ...forThisKind],
    annotations: TOLERATED.annotations,
  });
  if (!isRecord(clean)) return clean;
  const spec = isRecord(clean['spec']) ? clean['spec'] : {};
  if (kind === 'Service') return { ...clean, spec: { ...TOLERATED.defaults.Service, ...spec } };
  if (kind === 'NetworkPolicy') return { ...clean, spec: { ...spec, ingress: doorsOf(spec['ingress']) } };
  return kind.endsWith('Role') ? { ...clean, rules: rightsOf(clean['rules']) } : clean;
}

/** Without tolerated labels and annotations, wherever objects have metadata; an empty map is none. */
function withoutTolerated(
  value: unknown,
  tolerated: Readonly<Record<'labels' | 'annotations', readonly string[]>>,
): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutTolerated(item, tolerated));
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    if ((key !== 'labels' && key !== 'annotations') || !isRecord(inner))
      return [[key, withoutTolerated(inner, tolerated)] as const];
    const left = Object.entries(inner).filter(([name]) => !tolerated[key].includes(name));
    return left.length === 0 ? [] : [[key, Object.fromEntries(left)] as const];
  });
  return Object.fromEntries(entries);
}

/** Each port by itself, with who may reach it. */
function doorsOf(rules: unknown): readonly string[] {
  const doors = listOf(rules).flatMap((rule) => {
    const { ports, ...others } = isRecord(rule) ? rule : {};
    return listOf(ports).map((port) => JSON.stringify([port, others]));
  });
  return doors.sort();
}

/** Each right by itself: verb, group, resource and name. */
function rightsOf(rules: unknown): readonly string[] {
  const rights = listOf(rules)
    .filter(isRecord)
    .flatMap((rule) => {
      const names = rule['resourceNames'] ?? [''];
      return listOf(rule['verbs']).flatMap((verb) =>
        listOf(rule['apiGroups']).flatMap((group) =>
          listOf(rule['resources']).flatMap((resource) =>
            listOf(names).map((name) => [verb, group, resource, name].map(String).join(' ')),
          ),
        ),
      );
    });
  return [...new Set(rights)].sort();
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
