/** Fields of Flux that nobody here reads stay as they are written. */
const OPEN = { 'x-kubernetes-preserve-unknown-fields': true };
const TEXT = { type: 'string' };
const DURATION = { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$' };

const READY = [
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Status', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
];

/**
 * CustomResourceDefinitions of Flux's HelmRelease and HelmRepository, as far as the sandbox plays Flux: names, versions
 * and columns are Flux's own (https://fluxcd.io/flux/components/helm/api/v2/), the schemas hold what is needed here.
 */
export function fluxCrds(): readonly object[] {
  return [
    crdOf({
      group: 'helm.toolkit.fluxcd.io',
      kind: 'HelmRelease',
      plural: 'helmreleases',
      shortName: 'hr',
      version: 'v2',
      columns: READY,
      spec: {
        type: 'object',
        ...OPEN,
        required: ['interval'],
        properties: {
          interval: DURATION,
          suspend: { type: 'boolean' },
          chart: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: {
                type: 'object',
                ...OPEN,
                required: ['chart', 'sourceRef'],
                properties: {
                  chart: { type: 'string', minLength: 1, maxLength: 2048 },
                  version: { type: 'string', default: '*' },
                  sourceRef: {
                    type: 'object',
                    required: ['name'],
                    properties: {
                      apiVersion: TEXT,
                      kind: { type: 'string', enum: ['HelmRepository', 'GitRepository', 'Bucket'] },
                      name: { type: 'string', minLength: 1 },
                      namespace: TEXT,
                    },
                  },
                },
              },
            },
          },
        },
      },
    }),
    crdOf({
      group: 'source.toolkit.fluxcd.io',
      kind: 'HelmRepository',
      plural: 'helmrepositories',
      shortName: 'helmrepo',
      version: 'v1',
      columns: [{ name: 'URL', type: 'string', jsonPath: '.spec.url' }, ...READY],
      spec: {
        type: 'object',
        ...OPEN,
        required: ['url'],
        properties: {
          url: { type: 'string', pattern: '^(http|https|oci)://.*$' },
          type: { type: 'string', enum: ['default', 'oci'] },
          interval: DURATION,
          insecure: { type: 'boolean' },
        },
      },
    }),
  ];
}

function crdOf(described: {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly version: string;
  readonly columns: readonly object[];
  readonly spec: object;
}): object {
  const { group, kind, plural, shortName, version, columns, spec } = described;
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
        shortNames: [shortName],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                apiVersion: TEXT,
                kind: TEXT,
                metadata: { type: 'object' },
                spec,
                status: { type: 'object', ...OPEN },
              },
            },
          },
        },
      ],
    },
  };
}
