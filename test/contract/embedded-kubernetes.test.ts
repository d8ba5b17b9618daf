import { startEmbeddedKubernetes } from '../../src/sandbox/kubernetes/embedded-kubernetes.ts';
import { systemClock } from '../../src/system.ts';
import { describeContract } from './kubernetes-contract.ts';

describeContract('headwind demo', async () => {
  const embedded = await startEmbeddedKubernetes({ crds: [], clock: systemClock });
  return { url: embedded.url, close: () => embedded.close() };
});
