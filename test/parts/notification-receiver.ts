import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { freePorts } from './child.ts';

const Body = z.looseObject({
  event: z.string(),
  timestamp: z.string(),
  deployment: z.looseObject({ name: z.string(), namespace: z.string() }),
  updateRequestName: z.string().optional(),
});

/** One try of a delivery, as it came. */
export interface Received {
  readonly id: string;
  readonly event: string;
  readonly body: z.infer<typeof Body>;
  /** What it was answered. */
  readonly status: number;
  /** Whether `X-Headwind-Signature` is the HMAC of what came. */
  readonly signed: boolean;
}

/** Somebody who is notified: a server on one port that may be away, refuse, or be slow. */
export interface NotificationReceiver {
  readonly url: string;
  /** Every try that came through, in order. */
  readonly tries: readonly Received[];
  /** What is answered; 200 unless set. */
  status: number;
  /** How long an answer takes. */
  delayMs: number;
  /** The tries that were taken, about one workload if told. */
  taken(workload?: string): readonly Received[];
  /** From now on connections are refused. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

/** Starts it on a free port of the loopback interface. */
export async function startNotificationReceiver(secret: string): Promise<NotificationReceiver> {
  const [port = 0] = await freePorts(1);
  const tries: Received[] = [];
  let server: Server | undefined;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const bytes = Buffer.concat(chunks);
    const { status, delayMs } = receiver;
    const signature = `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`;
    const body = Body.parse(JSON.parse(bytes.toString('utf8')));
    const signed = request.headers['x-headwind-signature'] === signature;
    const id = String(request.headers['x-headwind-delivery']);
    tries.push({ id, event: body.event, body, status, signed });
    setTimeout(() => response.writeHead(status).end(), delayMs);
  };
  const comeBack = async (): Promise<void> => {
    const next = createServer((request, response) => {
      answer(request, response).catch(() => response.destroy());
    });
    server = next;
    await new Promise<void>((resolve) => void next.listen(port, '127.0.0.1', resolve));
  };
  const goAway = async (): Promise<void> => {
    const last = server;
    server = undefined;
    if (last === undefined) return;
    last.closeAllConnections();
    await new Promise((resolve) => void last.close(resolve));
  };
  const receiver: NotificationReceiver = {
    url: `http://127.0.0.1:${port}/notify`,
    tries,
    status: 200,
    delayMs: 0,
    taken: (workload) =>
      tries.filter(
        ({ status, body }) => status < 300 && (workload === undefined || body.deployment.name === workload),
      ),
    goAway,
    comeBack,
    close: goAway,
  };
  await comeBack();
  return receiver;
}
