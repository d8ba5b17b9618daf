import { normaliseHost, type Repository } from '../core/image-reference.ts';

/** Images are named `docker.io/…`, but the registry behind that name answers elsewhere. */
const API_HOSTS = new Map([['docker.io', 'registry-1.docker.io']]);

/** Decides between HTTPS and plain HTTP, and knows where a registry's API really is. */
export interface Endpoints {
  /** The address of a repository's API, e.g. `https://registry-1.docker.io/v2/library/nginx/`. */
  repository(repository: Repository): URL;
  /**
   * The address of the token server that a registry names, or undefined where it names none that may be asked: a
   * registry that is reached by TLS cannot send credentials over plain HTTP, and one that is not, only to its own
   * machine or to another insecure host.
   */
  tokenServer(realm: string, registry: URL): URL | undefined;
}

/** `insecureHosts`: the hosts, with their port, that are asked by plain HTTP. */
export function createEndpoints(insecureHosts: readonly string[]): Endpoints {
  const insecure = new Set(insecureHosts.map(normaliseHost));
  return {
    repository: ({ host, path }) => {
      const scheme = insecure.has(normaliseHost(host)) ? 'http' : 'https';
      const encoded = path.split('/').map(encodeURIComponent).join('/');
      return new URL(`${scheme}://${API_HOSTS.get(host) ?? host}/v2/${encoded}/`);
    },
    tokenServer: (realm, registry) => {
      // Not relative to the registry: a realm may be mere words ("Sonatype Nexus Repository Manager").
      if (!URL.canParse(realm)) return undefined;
      const url = new URL(realm);
      url.username = '';
      url.password = '';
      url.hash = '';
      if (url.protocol === 'https:') return url;
      if (url.protocol !== 'http:' || registry.protocol !== 'http:') return undefined;
      return url.hostname === registry.hostname || insecure.has(url.host) ? url : undefined;
    },
  };
}
