import { KUBERNETES_FAULTS } from './kubernetes-faults.ts';
import type { FaultGroup } from './plan.ts';
import { PROCESS_FAULTS } from './process-faults.ts';
import { REGISTRY_FAULTS } from './registry-faults.ts';

/** All faults that runs draw from. */
export const FAULT_GROUPS: readonly FaultGroup[] = [
  { name: 'kubernetes', faults: KUBERNETES_FAULTS },
  { name: 'processes', faults: PROCESS_FAULTS },
  { name: 'registry', faults: REGISTRY_FAULTS },
];
