import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { LRUCache } from 'lru-cache';

/** The connections to use for an address. */
export interface Agents {
  /** Keeps connections for the next request. */
  kept(url: URL): http.Agent;
  /** For one request on a connection of its own. */
  fresh(url: URL): http.Agent;
  /** Closes kept connections. */
  close(): void;
}

const MAX_FREE_SOCKETS_PER_HOST = 4;
const MAX_SOCKETS = 256;
const IDLE_SOCKET_MS = 30_000;
const MAX_CAS = 100;

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
  const own = new LRUCache<string, https.Agent>({ max: MAX_CAS, dispose: (agent) => agent.destroy() });

  const agentFor = (ca: string): https.Agent => {
    const agent = own.get(ca) ?? new https.Agent({ ...KEEPING, ...trusting(ca) });
    own.set(ca, agent);
    return agent;
  };

  return {
    kept: (url) => {
      if (url.protocol === 'http:') return plain;
      const ca = caOf(url);
      return ca === undefined ? usual : agentFor(ca);
    },
    fresh: (url) => {
      if (url.protocol === 'http:') return new http.Agent({ keepAlive: false });
      const ca = caOf(url);
      return new https.Agent({ keepAlive: false, ...(ca === undefined ? {} : trusting(ca)) });
    },
    close: () => {
      plain.destroy();
      usual.destroy();
      own.clear();
    },
  };
}

/** A context rather than `ca`: an agent would make all the certificates a part of the name of each of its sockets. */
function trusting(ca: string): https.AgentOptions {
  return { secureContext: tls.createSecureContext({ ca: [...tls.getCACertificates('default'), ca] }) };
}
