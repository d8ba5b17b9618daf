import type { Repository } from '../core/image-reference.ts';
import type { HostTable } from './host-table.ts';

/** Images are named `docker.io/…`, but the registry behind that name answers elsewhere. */
const API_HOSTS = new Map([['docker.io', 'registry-1.docker.io']]);

/** A place where a repository can be asked about: its registry, or a mirror of it. */
export interface Address {
  /** Of the repository's API, e.g. `https://registry-1.docker.io/v2/library/nginx/`. */
  readonly base: URL;
  /** The repository's path there, e.g. `library/nginx`. */
  readonly path: string;
  /** The registry that a mirror stands in for; undefined for the registry itself. */
  readonly mirrorOf: string | undefined;
  /** Whether the credentials for the registry may be sent there. */
  readonly takesCredentials: boolean;
}

/** Decides between HTTPS and plain HTTP, and knows where a registry's API really is. */
export interface Endpoints {
  /** The registry itself. */
  registry(repository: Repository): Address;
  /** Its mirrors, in the order in which they are asked. */
  mirrors(repository: Repository): readonly Address[];
  /**
   * The address of the token server that a registry names, or undefined where it names none that may be asked: a
   * registry that is reached by TLS cannot send credentials over plain HTTP, and one that is not, only to its own
   * machine or to another insecure host.
   */
  tokenServer(realm: string, registry: URL): URL | undefined;
}

export function createEndpoints(hosts: HostTable): Endpoints {
  const baseOf = (host: string, path: string): URL => {
    const scheme = hosts.ofRegistry(host).insecure ? 'http' : 'https';
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    return new URL(`${scheme}://${API_HOSTS.get(host) ?? host}/v2/${encoded}/`);
  };
  return {
    registry: ({ host, path }) => ({
      base: baseOf(host, path),
      path,
      mirrorOf: undefined,
      takesCredentials: true,
    }),
    mirrors: (repository) =>
      hosts.ofRegistry(repository.host).mirrors.map(({ host, prefix, sendsCredentials }) => {
        const path = prefix === '' ? repository.path : `${prefix}/${repository.path}`;
        return {
          base: baseOf(host, path),
          path,
          mirrorOf: repository.host,
          takesCredentials: sendsCredentials,
        };
      }),
    tokenServer: (realm, registry) => {
      // Not relative to the registry: a realm may be mere words ("Sonatype Nexus Repository Manager").
      if (!URL.canParse(realm)) return undefined;
      const url = new URL(realm);
      url.username = '';
      url.password = '';
      url.hash = '';
      if (url.protocol === 'https:') return url;
      if (url.protocol !== 'http:' || registry.protocol !== 'http:') return undefined;
      return url.hostname === registry.hostname || hosts.ofAddress(url).insecure ? url : undefined;
    },
  };
}
