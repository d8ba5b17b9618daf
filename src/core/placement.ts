import type { Platform } from './platform.ts';

export const NODE_OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'] as const;

export interface NodeRequirement {
  readonly key: string;
  readonly operator: (typeof NODE_OPERATORS)[number];
  readonly values: readonly string[];
}

/** A term holds where all of its requirements do; one without any holds nowhere. */
export interface NodeTerm {
  readonly labels: readonly NodeRequirement[];
  /** Of `metadata.name` alone; Kubernetes knows no other field. */
  readonly fields: readonly NodeRequirement[];
}

/** Where a pod template binds its pods to: both have to hold. */
export interface Placement {
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** `requiredDuringSchedulingIgnoredDuringExecution`: one of them has to hold; absent: no condition. */
  readonly required?: readonly NodeTerm[] | undefined;
}

export interface Node {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly platform: Platform;
}

/** Whether the scheduler may put a pod with this placement on the node, as far as selector and affinity say. */
export function mayLandOn({ nodeSelector, required }: Placement, node: Node): boolean {
  const selected = Object.entries(nodeSelector).every(
    ([key, value]) => Object.hasOwn(node.labels, key) && node.labels[key] === value,
  );
  return selected && (required === undefined || required.some((term) => holds(term, node)));
}

function holds({ labels, fields }: NodeTerm, node: Node): boolean {
  if (labels.length === 0 && fields.length === 0) return false;
  const label = (key: string): string | undefined =>
    Object.hasOwn(node.labels, key) ? node.labels[key] : undefined;
  const field = (key: string): string | undefined => (key === 'metadata.name' ? node.name : undefined);
  return (
    labels.every((requirement) => isMet(requirement, label(requirement.key))) &&
    fields.every((requirement) => isMet(requirement, field(requirement.key)))
  );
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#operators */
function isMet({ operator, values }: NodeRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return compareWhole(value, values[0]) > 0;
    case 'Lt':
      return compareWhole(value, values[0]) < 0;
    default:
      return operator satisfies never;
  }
}

/** NaN, which is neither greater nor less, where one of them is no whole number. */
function compareWhole(a: string | undefined, b: string | undefined): number {
  const whole = /^-?\d+$/;
  return whole.test(a ?? '') && whole.test(b ?? '') ? Number(a) - Number(b) : Number.NaN;
}
