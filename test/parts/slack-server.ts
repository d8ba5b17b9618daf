import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { makeSelfSigned } from './certificate.ts';
import { startConnectProxy } from './connect-proxy.ts';
import { eventually } from './eventually.ts';

const Element = z.looseObject({ action_id: z.string().optional(), value: z.string().optional() });
const Message = z.looseObject({
  text: z.string(),
  response_type: z.string().optional(),
  replace_original: z.boolean().optional(),
  blocks: z.array(z.looseObject({ type: z.string(), elements: z.array(Element).optional() })).optional(),
});

/** Something that was posted to Slack. */
export interface SlackPost {
  readonly path: string;
  readonly message: z.infer<typeof Message>;
  /** The body as it came. */
  readonly text: string;
  /** When it came, in milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** What it was answered. */
  readonly status: number;
}

/** `hooks.slack.com`, as far as Headwind knows it: incoming webhooks and response URLs. */
export interface SlackServer {
  /** What makes Headwind take it for Slack: a proxy that leads there, and whom to trust. */
  readonly env: Readonly<Record<string, string>>;
  /** What is answered; 200 unless set. */
  status: number;
  readonly posts: readonly SlackPost[];
  /** What was taken at a path, once it is so many. */
  taken(path: string, count: number): Promise<readonly SlackPost[]>;
  /** The value of the buttons in the message that speaks of a workload, once it is there. */
  buttonFor(workload: string): Promise<string>;
  close(): Promise<void>;
}

/** Starts it on a free port of the loopback interface, with a certificate for hooks.slack.com. */
export async function startSlack(): Promise<SlackServer> {
  const directory = await mkdtemp(join(tmpdir(), 'headwind-slack-'));
  const { key, certificate, certificateFile } = await makeSelfSigned(directory, 'hooks.slack.com');
  const posts: SlackPost[] = [];
  const server = createServer({ key, cert: certificate.toString() }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const { status } = slack;
      const path = request.url ?? '';
      posts.push({ path, text, message: Message.parse(JSON.parse(text)), atMs: Date.now(), status });
      response.writeHead(status).end('ok');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('a TCP server without a port');
  const proxy = await startConnectProxy(address.port);

  const takenAt = (path: string): readonly SlackPost[] =>
    posts.filter((post) => post.path === path && post.status === 200);
  const slack: SlackServer = {
    env: { HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1', NODE_EXTRA_CA_CERTS: certificateFile },
    status: 200,
    posts,
    taken: (path, count) =>
      eventually(
        () => {
          const taken = takenAt(path);
          if (taken.length >= count) return taken;
          throw new Error(`${taken.length} so far`);
        },
        { what: `${count} messages at ${path}`, timeoutMs: 30_000 },
      ),
    buttonFor: (workload) =>
      eventually(
        () => {
          const elements = posts
            .filter(({ message }) => message.text.includes(workload))
            .flatMap(({ message }) => (message.blocks ?? []).flatMap((block) => block.elements ?? []));
          const value = elements.find((element) => element.action_id === 'approve_update')?.value;
          if (value !== undefined) return value;
          throw new Error(`no message about ${workload} has a button`);
        },
        { what: `a button for ${workload}`, timeoutMs: 30_000 },
      ),
    async close() {
      await proxy.stop();
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
      await rm(directory, { recursive: true });
    },
  };
  return slack;
}
