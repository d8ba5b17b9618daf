import type { Fault } from './fault.ts';
import { REGISTRY_TROUBLES, type TroubleMaker } from './registry-troubles.ts';

/** Each way in which the registry can misbehave, as a fault among others. */
export const REGISTRY_FAULTS: readonly Fault[] = Object.values<TroubleMaker>(REGISTRY_TROUBLES).map(
  ({ name, make }) => ({
    name,
    async begin({ registry: { front } }, random) {
      let bites: number | undefined;
      await front.misbehave(make(random));
      return {
        bites: () => bites ?? front.bites(),
        async heal() {
          bites = front.bites();
          await front.behave();
        },
      };
    },
  }),
);
