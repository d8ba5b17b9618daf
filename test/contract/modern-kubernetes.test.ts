import { startControlPlane } from '../parts/control-plane.ts';
import { describeContract } from './kubernetes-contract.ts';

describeContract('a real cluster of Kubernetes 1.33', async () => {
  const plane = await startControlPlane({ modern: true });
  return { url: plane.url, ca: plane.ca, token: plane.admin.token, close: () => plane.stop() };
});
