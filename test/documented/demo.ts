import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { endingWithUs } from '../parts/child.ts';
import { eventually } from '../parts/eventually.ts';
import { runProgram } from '../parts/plugin-people.ts';
import { optionOf } from './asked.ts';
import type { Surroundings } from './shell.ts';

const PROGRAM = fileURLToPath(new URL('../../src/cli/headwind.ts', import.meta.url));
const PLUGIN = fileURLToPath(new URL('../../src/cli/kubectl-headwind.ts', import.meta.url));
const PORTS = ['webhook', 'api', 'ui', 'metrics'];
const STORY_TIMEOUT_MS = 90_000;
const Started = z.object({ event: z.literal('started'), places: z.record(z.string(), z.string()) });

/** The demo as it is, in a process of its own; commands wait until its story is where the documents are. */
export async function startDemo(): Promise<Surroundings & { close(): Promise<void> }> {
  const ports = PORTS.flatMap((name) => [`--${name}-port`, '0']);
  const { command, args } = endingWithUs(process.execPath, [PROGRAM, 'demo', '--output', 'json', ...ports]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('close', resolve));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const places = await eventually(
    () =>
      lines
        .map((line) => Started.safeParse(JSON.parse(line)).data?.places)
        .find((found) => found !== undefined),
    { what: 'the demo has started', timeoutMs: 30_000, everyMs: 100 },
  );
  const place = (name: string): string => {
    const found = places[name];
    if (found === undefined)
      throw new Error(`the demo does not say where ${name} is: ${JSON.stringify(places)}`);
    return found;
  };
  const kubeconfig = place('kubeconfig');
  const env = { PATH: process.env['PATH'] ?? '', KUBECONFIG: kubeconfig };

  /** Waits until there is a request that a person has to decide about. */
  const waits = async (words: readonly string[]): Promise<void> => {
    await eventually(
      async () => (await runProgram(process.execPath, [PLUGIN, ...words], { env })).out !== '',
      { what: `${words.join(' ')} names something`, timeoutMs: STORY_TIMEOUT_MS, everyMs: 500 },
    );
  };

  return {
    kubeconfig,
    servers: () => ({
      webhook: place('webhook'),
      api: place('api'),
      ui: place('dashboard'),
      metrics: place('metrics'),
    }),
    words: { 'the kubeconfig of the demo': kubeconfig },
    env: {},
    async before([program, ...words]) {
      if (program === 'kubectl-headwind' && words[0] === 'list' && optionOf(words, ['-l']) !== undefined)
        await waits(words);
    },
    after: () => Promise.resolve(),
    async close() {
      child.kill('SIGINT');
      await exited;
    },
  };
}
