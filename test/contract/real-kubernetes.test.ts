import { inject } from 'vitest';
import { describeContract } from './kubernetes-contract.ts';

describeContract('a real cluster', async () => {
  const { url, ca, admin } = inject('controlPlane');
  return { url, ca, token: admin.token, close: async () => {} };
});
