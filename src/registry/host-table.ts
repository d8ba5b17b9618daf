import type { RegistryConfig, RegistryHost } from '../config/registry-hosts.ts';
import { normaliseHost } from '../core/image-reference.ts';

/** What is set for each registry host. */
export interface HostTable {
  /** For a host as it stands in image names. */
  ofRegistry(host: string): RegistryHost;
  /** For whoever is asked at this address, a token server for example. */
  ofAddress(url: URL): RegistryHost;
}

/** `insecureHosts`: asked by plain HTTP, beside those that `config` says it of. */
export function createHostTable(config: RegistryConfig, insecureHosts: readonly string[]): HostTable {
  const plain: RegistryHost = { ...config.defaults, insecure: false, ca: undefined, mirrors: [] };
  const hosts = new Map(config.hosts);
  for (const host of insecureHosts.map(normaliseHost))
    hosts.set(host, { ...(hosts.get(host) ?? plain), insecure: true });
  const ofRegistry = (host: string): RegistryHost => hosts.get(normaliseHost(host)) ?? plain;
  return {
    ofRegistry,
    ofAddress: (url) => {
      // A URL drops the port that its scheme implies; an image name may hold it.
      const spelled =
        url.protocol === 'http:' && url.port === '' ? hosts.get(`${url.hostname}:80`) : undefined;
      return spelled ?? ofRegistry(url.host);
    },
  };
}
