import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { requirePart } from '../binaries.ts';
import { endingWithUs } from '../child.ts';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import { eventually } from '../eventually.ts';

/** Somebody inside the cluster who posts JSON to addresses of pods, over a connection of its own each time. */
export interface Sender {
  /** Throws where the connection fails. */
  post(url: string, body: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
  stop(): void;
}

export interface SenderOptions {
  readonly api: ControlPlaneAccess;
  readonly kubeconfigPath: string;
  readonly namespace: string;
  /** An image with node in it. */
  readonly image: string;
}

const NAME = 'sender';
/** Reads `{id, url, body}` line by line, and writes `{id, status, body}` or `{id, error}`. */
const SCRIPT = `
const { request } = require('node:http');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, url, body } = JSON.parse(line);
  const say = (said) => console.log(JSON.stringify({ id, ...said }));
  const options = { method: 'POST', agent: false, timeout: 10000, headers: { 'content-type': 'application/json' } };
  const call = request(url, options, (answer) => {
    const chunks = [];
    answer.on('data', (chunk) => chunks.push(chunk));
    answer.on('error', (error) => say({ error: error.message }));
    answer.on('end', () => say({ status: answer.statusCode, body: Buffer.concat(chunks).toString() }));
  });
  call.on('timeout', () => call.destroy(new Error('no answer')));
  call.on('error', (error) => say({ error: error.message }));
  call.end(JSON.stringify(body));
});`;
const Said = z.object({
  id: z.number(),
  status: z.number().optional(),
  body: z.string().optional(),
  error: z.string().optional(),
});
type Said = z.infer<typeof Said>;
const Running = z.object({ status: z.object({ phase: z.literal('Running') }) });

/** Starts it as a pod; it goes with the namespace. */
export async function startSender({ api, kubeconfigPath, namespace, image }: SenderOptions): Promise<Sender> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const waits = { name: NAME, image, command: ['/usr/bin/node', '-e', 'setInterval(() => {}, 1e6)'] };
  await api.expectOk('POST', pods, {
    metadata: { name: NAME },
    spec: { containers: [waits], terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
  });
  await eventually(async () => Running.parse(await api.expectOk('GET', `${pods}/${NAME}`)), {
    what: 'the sender runs',
    timeoutMs: 60_000,
    everyMs: 200,
  });
  const words = ['--kubeconfig', kubeconfigPath, '--namespace', namespace, 'exec', '-i', NAME, '--'];
  const { command, args } = endingWithUs(requirePart('kubectl', process.env), [
    ...words,
    '/usr/bin/node',
    '-e',
    SCRIPT,
  ]);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map<number, (said: Said) => void>();
  let last = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = Said.parse(JSON.parse(line));
    waiting.get(said.id)?.(said);
    waiting.delete(said.id);
  });
  const ended = (): void => {
    for (const [id, answer] of waiting) answer({ id, error: 'the sender has ended' });
    waiting.clear();
  };
  child.once('exit', ended);
  child.once('error', ended);
  child.stdin.on('error', ended);
  return {
    async post(url, body) {
      last += 1;
      const id = last;
      const said = await new Promise<Said>((resolve) => {
        waiting.set(id, resolve);
        child.stdin.write(`${JSON.stringify({ id, url, body })}\n`);
      });
      if (said.status === undefined) throw new Error(`${url}: ${said.error ?? 'no answer'}`);
      return { status: said.status, body: JSON.parse(said.body ?? 'null') };
    },
    stop: () => void child.kill('SIGKILL'),
  };
}
