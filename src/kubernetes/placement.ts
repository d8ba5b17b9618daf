import { z } from 'zod';
import { NODE_OPERATORS, type NodeRequirement, type Placement } from '../core/placement.ts';

const Requirement = z.object({
  key: z.string(),
  operator: z.enum(NODE_OPERATORS),
  values: z.array(z.string()).nullish(),
});
const Term = z.object({
  matchExpressions: z.array(Requirement).nullish(),
  matchFields: z.array(Requirement).nullish(),
});
const Affinity = z.object({
  nodeAffinity: z
    .object({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .object({ nodeSelectorTerms: z.array(Term) })
        .nullish(),
    })
    .nullish(),
});

/** What binds a pod to nodes, of a pod's spec. What cannot be read binds it to none: it must not lose the workload. */
export const PlacementFields = z.object({
  nodeSelector: z.record(z.string(), z.string()).nullish().catch(undefined),
  affinity: Affinity.nullish().catch(undefined),
});

/** Where the pods may land; undefined where nothing binds them, as of most workloads. */
export function placementOf(spec: z.infer<typeof PlacementFields>): Placement | undefined {
  const nodeSelector = spec.nodeSelector ?? {};
  const terms =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined && Object.keys(nodeSelector).length === 0) return undefined;
  const required = terms?.map(({ matchExpressions, matchFields }) => ({
    labels: (matchExpressions ?? []).map(toRequirement),
    fields: (matchFields ?? []).map(toRequirement),
  }));
  return { nodeSelector, ...(required === undefined ? {} : { required }) };
}

function toRequirement({ key, operator, values }: z.infer<typeof Requirement>): NodeRequirement {
  return { key, operator, values: values ?? [] };
}
