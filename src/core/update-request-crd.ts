import { z } from 'zod';
import { GROUP, KIND, PLURAL, UpdateRequestSpec, UpdateRequestStatus, VERSION } from './update-request.ts';

/** The printer columns of `kubectl get updaterequests`, in order. */
const COLUMNS = [
  { name: 'Target', type: 'string', jsonPath: '.spec.targetRef.name' },
  { name: 'Container', type: 'string', jsonPath: '.spec.containerName' },
  { name: 'Current', type: 'string', jsonPath: '.spec.currentImage' },
  { name: 'New', type: 'string', jsonPath: '.spec.newImage' },
  { name: 'Policy', type: 'string', jsonPath: '.spec.policy' },
  { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
] as const;

/**
 * The CustomResourceDefinition of UpdateRequest, made from the schema that the program itself validates with.
 * `deploy/k8s/crds/updaterequest.yaml` is its YAML.
 */
export function updateRequestCrd(): Record<string, unknown> {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: KIND.toLowerCase(),
        shortNames: ['ur', 'upd'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: COLUMNS.map((column) => ({ ...column })),
          schema: { openAPIV3Schema: rootSchema() },
        },
      ],
    },
  };
}

function rootSchema(): unknown {
  return {
    description:
      'One update of one artifact of a workload: what shall change, who approved it, and how it went.',
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: structural(z.toJSONSchema(UpdateRequestSpec, { io: 'input' })),
      // The default on status itself: a request without any status reads Pending, without a second write.
      status: structural({
        ...z.toJSONSchema(UpdateRequestStatus, { io: 'input' }),
        default: { phase: 'Pending' },
      }),
    },
  };
}

/**
 * What Kubernetes calls a structural schema: no `$schema`, no `propertyNames`, no pattern beside a format, and
 * `additionalProperties` only where it says what the values of a map are: without it the API server drops them.
 */
function structural(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(structural);
  if (typeof schema !== 'object' || schema == null) return schema;
  const entries = Object.entries(schema).filter(
    ([key, value]) =>
      key !== '$schema' &&
      key !== 'propertyNames' &&
      !(key === 'additionalProperties' && typeof value === 'boolean') &&
      !(key === 'pattern' && 'format' in schema),
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, structural(value)]));
}
