import { randomUUID } from 'node:crypto';
import { Agent, request, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';

export interface PushedTag {
  /** `registry.example.com:5000` */
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
}

/** The notification that distribution sends for a push, as it looks on the wire. */
export function pushEnvelope({ host, repository, tag }: PushedTag): object {
  const digest = 'sha256:fea8895f450959fa676bcc1df0611ea93823a735a01205fd8622846041d0c7cf';
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const url = `http://${host}/v2/${repository}/manifests/${digest}`;
  return {
    events: [
      {
        id: randomUUID(),
        timestamp: '2026-03-03T16:33:41.000Z',
        action: 'push',
        target: { mediaType, digest, size: 708, length: 708, repository, url, tag },
        request: {
          id: randomUUID(),
          addr: '192.0.2.11:42961',
          host,
          method: 'PUT',
          useragent: 'docker/28.0.1 go/go1.23 os/linux arch/amd64',
        },
        actor: { name: 'ci' },
        source: { addr: 'registry-0:5000', instanceID: randomUUID() },
      },
    ],
  };
}

/** As registries do: connections are kept. */
const agent = new Agent({ keepAlive: true });

export interface WebhookAnswer {
  readonly status: number;
  readonly body: unknown;
  /** When the notification was given to the connection, as `performance.now()` counts: it begins to be received. */
  readonly sentMs: number;
}

/** Posts the notification as the registry would; every HTTP status is an answer. */
export async function postWebhook(server: string, pushed: PushedTag): Promise<WebhookAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { 'content-type': 'application/json' };
  const outgoing = request(`${server}/webhook/registry`, { method: 'POST', agent, headers }, resolve);
  outgoing.on('error', reject);
  let sentMs = performance.now();
  outgoing.on('socket', () => {
    sentMs = performance.now();
  });
  outgoing.end(JSON.stringify(pushEnvelope(pushed)));
  const answer = await promise;
  return { status: answer.statusCode ?? 0, body: await json(answer), sentMs };
}
