import { Agent, request as httpsRequest } from 'node:https';
import { dump } from 'js-yaml';
import { z } from 'zod';

/** What one must know to talk to a running control plane; plain data, so that vitest can hand it to its workers. */
export interface ControlPlaneFacts {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** PEM: the certificates that the API server's own one is signed with. */
  readonly ca: string;
  readonly admin: { readonly token: string; readonly kubeconfigPath: string };
  /** Such as `v1.20.2`. */
  readonly version: string;
  /** Holds the logs of all its processes. */
  readonly directory: string;
}

export interface ApiAnswer {
  readonly status: number;
  /** The parsed JSON, or the text where it is none. */
  readonly body: unknown;
}

export interface ControlPlaneAccess extends ControlPlaneFacts {
  /** One request as cluster administrator (group `system:masters`). Every HTTP status is an answer, not an exception. */
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer>;
  /** The same with somebody else's bearer token. */
  requestAs(token: string, call: ApiCall): Promise<ApiAnswer>;
  /** Like `request`, but throws for a status of 300 and more, and returns the body alone. */
  expectOk(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown>;
  /** A token for a service account, good for one hour, from the TokenRequest API. The account must exist. */
  serviceAccountToken(namespace: string, name: string): Promise<string>;
  /** A kubeconfig (YAML) that authenticates with the token and verifies the server's certificate. */
  kubeconfigFor(token: string): string;
  /** Closes the connections kept alive. */
  disconnect(): void;
}

export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

const TokenRequestAnswer = z.object({ status: z.object({ token: z.string() }) });

/** Helpers for tests to act on a running control plane as its administrator. */
export function accessControlPlane(facts: ControlPlaneFacts): ControlPlaneAccess {
  const agent = new Agent({ ca: facts.ca, keepAlive: true, maxSockets: 32 });
  const requestAs = (token: string, call: ApiCall): Promise<ApiAnswer> => send(facts.url, agent, token, call);
  const request: ControlPlaneAccess['request'] = (method, path, body, contentType = 'application/json') =>
    requestAs(facts.admin.token, { method, path, body, contentType });
  const expectOk: ControlPlaneAccess['expectOk'] = async (method, path, body, contentType) => {
    const answer = await request(method, path, body, contentType);
    if (answer.status < 300) return answer.body;
    throw new Error(
      `${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 2000)}`,
    );
  };
  return {
    ...facts,
    request,
    requestAs,
    expectOk,
    serviceAccountToken: async (namespace, name) => {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const body = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 3600 },
      };
      return TokenRequestAnswer.parse(await expectOk('POST', path, body)).status.token;
    },
    kubeconfigFor: (token) => kubeconfig(facts.url, facts.ca, token),
    disconnect: () => agent.destroy(),
  };
}

/** A kubeconfig (YAML) for one server and one bearer token. */
export function kubeconfig(url: string, ca: string, token: string): string {
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'default' } }],
    'current-context': 'test',
  });
}

function send(url: string, agent: Agent, token: string, call: ApiCall): Promise<ApiAnswer> {
  const payload = call.body === undefined ? undefined : JSON.stringify(call.body);
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      new URL(call.path, url),
      {
        method: call.method,
        agent,
        timeout: 30_000,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(payload === undefined
            ? {}
            : {
                'content-type': call.contentType ?? 'application/json',
                'content-length': Buffer.byteLength(payload),
              }),
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, body: parseBody(Buffer.concat(chunks).toString()) }),
        );
      },
    );
    outgoing.on('timeout', () =>
      outgoing.destroy(new Error(`no answer to ${call.method} ${call.path} within 30 s`)),
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

function parseBody(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch {
    return text;
  }
}
