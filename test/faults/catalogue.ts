import { KUBERNETES_FAULTS } from './kubernetes-faults.ts';
import type { FaultGroups } from './plan.ts';
import { PROCESS_FAULTS } from './process-faults.ts';
import { REGISTRY_FAULTS } from './registry-faults.ts';

/** All faults that runs draw from. */
export const FAULT_GROUPS: FaultGroups = {
  kubernetes: KUBERNETES_FAULTS,
  processes: PROCESS_FAULTS,
  registry: REGISTRY_FAULTS,
};
