import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { LRUCache } from 'lru-cache';
import type { TlsMaterial } from './http.ts';

/** The connections to use for an address; with `tls` in place of what is usual there. */
export interface Agents {
  /** Keeps connections for the next request. */
  kept(url: URL, tls?: TlsMaterial): http.Agent;
  /** For one request on a connection of its own. */
  fresh(url: URL, tls?: TlsMaterial): http.Agent;
  /** Closes kept connections. */
  close(): void;
}

const MAX_FREE_SOCKETS_PER_HOST = 4;
const MAX_SOCKETS = 256;
const IDLE_SOCKET_MS = 30_000;
const MAX_MATERIALS = 100;

const KEEPING: http.AgentOptions = {
  keepAlive: true,
  maxFreeSockets: MAX_FREE_SOCKETS_PER_HOST,
  maxTotalSockets: MAX_SOCKETS,
  timeout: IDLE_SOCKET_MS,
};

/** `caOf`: certificates (PEM) that are trusted at an address beside the usual ones; undefined for those alone. */
export function createAgents(caOf: (url: URL) => string | undefined): Agents {
  const plain = new http.Agent(KEEPING);
  const usual = new https.Agent(KEEPING);
  const own = new LRUCache<string, https.Agent>({
    max: MAX_MATERIALS,
    dispose: (agent) => agent.destroy(),
  });

  const agentFor = (material: TlsMaterial): https.Agent => {
    const key = materialKey(material);
    const agent = own.get(key) ?? new https.Agent({ ...KEEPING, ...using(material) });
    own.set(key, agent);
    return agent;
  };

  const materialOf = (url: URL, tls: TlsMaterial | undefined): TlsMaterial | undefined => {
    const material = tls ?? { ca: caOf(url) };
    return material.ca === undefined && material.client === undefined ? undefined : material;
  };

  return {
    kept: (url, tls) => {
      if (url.protocol === 'http:') return plain;
      const material = materialOf(url, tls);
      return material === undefined ? usual : agentFor(material);
    },
    fresh: (url, tls) => {
      if (url.protocol === 'http:') return new http.Agent({ keepAlive: false });
      const material = materialOf(url, tls);
      return new https.Agent({ keepAlive: false, ...(material === undefined ? {} : using(material)) });
    },
    close: () => {
      plain.destroy();
      usual.destroy();
      own.clear();
    },
  };
}

/** Names the material without holding a private key. */
function materialKey({ ca, client }: TlsMaterial): string {
  return createHash('sha256')
    .update(JSON.stringify([ca, client?.cert, client?.key]))
    .digest('base64url');
}

/** A context rather than `ca`: an agent would make all the certificates a part of the name of each of its sockets. */
function using(material: TlsMaterial): https.AgentOptions {
  return { secureContext: toSecureContext(material) };
}

/** Throws where the material is not what it should be. */
export function toSecureContext({ ca, client }: TlsMaterial): tls.SecureContext {
  return tls.createSecureContext({
    ...(ca === undefined ? {} : { ca: [...tls.getCACertificates('default'), ca] }),
    ...client,
  });
}
