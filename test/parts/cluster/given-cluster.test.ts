import { describe, expect, it } from 'vitest';
import { isClusterGiven, useGivenCluster } from './given-cluster.ts';

const say = (): void => {};

describe('a cluster that KUBECONFIG names', () => {
  it('is used only where the variable says something', () => {
    expect(isClusterGiven({})).toBe(false);
    expect(isClusterGiven({ KUBECONFIG: '' })).toBe(false);
    expect(isClusterGiven({ KUBECONFIG: '/some/where' })).toBe(true);
  });

  it.each([undefined, 'https://registry.local', 'registry.local/path'])(
    'needs a registry, or nothing is touched: HEADWIND_E2E_REGISTRY=%s',
    async (registry) => {
      const env = {
        KUBECONFIG: '/no/where',
        ...(registry === undefined ? {} : { HEADWIND_E2E_REGISTRY: registry }),
      };
      await expect(useGivenCluster({ env, say })).rejects.toThrow(
        /HEADWIND_E2E_REGISTRY is .* must be host or host:port .* Unset KUBECONFIG/,
      );
    },
  );

  it('says which registry does not answer', async () => {
    const env = { KUBECONFIG: '/no/where', HEADWIND_E2E_REGISTRY: '127.0.0.1:1' };
    await expect(useGivenCluster({ env, say })).rejects.toThrow(
      /HEADWIND_E2E_REGISTRY cannot be used: https:\/\/127\.0\.0\.1:1\/v2\//,
    );
  });
});
