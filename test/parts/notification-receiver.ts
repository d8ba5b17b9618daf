import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { startIntermittentServer } from './intermittent-server.ts';

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
  const tries: Received[] = [];
  const server = await startIntermittentServer((request, bytes, response) => {
    const { status, delayMs } = receiver;
    const signature = `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`;
    const body = Body.parse(JSON.parse(bytes.toString('utf8')));
    const signed = request.headers['x-headwind-signature'] === signature;
    const id = String(request.headers['x-headwind-delivery']);
    tries.push({ id, event: body.event, body, status, signed });
    setTimeout(() => response.writeHead(status).end(), delayMs);
  });
  const receiver: NotificationReceiver = {
    url: `${server.url}/notify`,
    tries,
    status: 200,
    delayMs: 0,
    taken: (workload) =>
      tries.filter(
        ({ status, body }) => status < 300 && (workload === undefined || body.deployment.name === workload),
      ),
    goAway: () => server.goAway(),
    comeBack: () => server.comeBack(),
    close: () => server.goAway(),
  };
  return receiver;
}
