import { startEmbeddedKubernetes } from '../../src/sandbox/kubernetes/embedded-kubernetes.ts';
import { wallClock } from '../parts/wall-clock.ts';
import { describeContract } from './kubernetes-contract.ts';

describeContract('headwind demo', async () => {
  const embedded = await startEmbeddedKubernetes({ crds: [], clock: wallClock });
  return { url: embedded.url, close: () => embedded.close() };
});
