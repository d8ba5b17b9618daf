import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { endingWithUs, freePorts } from './child.ts';
import { eventually, NoUseWaitingError } from './eventually.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAX_LINES = 50_000;

/** One line of the program's log. */
const LogLine = z.object({
  timestamp: z.string(),
  level: z.string(),
  target: z.string(),
  fields: z.looseObject({ message: z.string() }),
});
export type LogLine = z.infer<typeof LogLine>;

export interface ProgramOptions {
  /** Beside `PATH` and `HOME`, the whole environment. Ports that are not given are free ones of 127.0.0.1. */
  readonly env: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** `source`: src/cli/headwind.ts as it stands (default). `build`: bin/headwind as `make build` makes it. */
  readonly from?: 'source' | 'build' | undefined;
  /** A command that runs it, with its own command line as the last arguments: it must `exec`, so that signals reach it. */
  readonly through?: readonly string[] | undefined;
  /** Whether to wait until /readyz answers 200; true unless told. */
  readonly waitUntilReady?: boolean;
  /** How long that may take, in milliseconds; 30 s unless told. */
  readonly timeoutMs?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Program {
  readonly pid: number;
  readonly urls: {
    readonly webhook: string;
    readonly api: string;
    readonly ui: string;
    readonly metrics: string;
  };
  /** The log so far, oldest first: the lines that are records. */
  logs(): readonly LogLine[];
  /** Everything printed so far, standard output and error, line by line. */
  output(): readonly string[];
  /** Sends a signal; SIGTERM unless told. `exited` tells when it is done. */
  kill(signal?: NodeJS.Signals): void;
  readonly exited: Promise<Exit>;
  /** Ends it (SIGTERM, after 15 s SIGKILL) and waits for that. */
  stop(): Promise<Exit>;
}

/**
 * Starts the program as a user would, in a process of its own, and waits until it says that it is ready. Throws with
 * the end of its output when it ends before that or takes too long; then it is not running any more.
 */
export async function startHeadwind(options: ProgramOptions): Promise<Program> {
  const ports = await choosePorts(options.env);
  const child = launch(options, ports);
  const program = watch(child, ports);
  if (options.waitUntilReady === false) return program;
  try {
    await eventually(() => isReady(child, program), {
      what: 'headwind is ready',
      timeoutMs: options.timeoutMs ?? 30_000,
      everyMs: 50,
    });
    return program;
  } catch (error) {
    program.kill('SIGKILL');
    await program.exited;
    throw new Error(`${String(error)}\n${program.output().slice(-40).join('\n')}`, { cause: error });
  }
}

const SERVERS = ['webhook', 'api', 'ui', 'metrics'] as const;
type Server = (typeof SERVERS)[number];
type Ports = Readonly<Record<Server, number>>;
type Running = ChildProcessByStdio<null, Readable, Readable>;

async function choosePorts(env: ProgramOptions['env']): Promise<Ports> {
  const free = await freePorts(SERVERS.length);
  const port = (server: Server, index: number): number =>
    Number(env[`HEADWIND_${server.toUpperCase()}_PORT`] ?? free[index]);
  return { webhook: port('webhook', 0), api: port('api', 1), ui: port('ui', 2), metrics: port('metrics', 3) };
}

function launch(options: ProgramOptions, ports: Ports): Running {
  const own =
    options.from === 'build'
      ? [join(ROOT, 'bin/headwind')]
      : [process.execPath, join(ROOT, 'src/cli/headwind.ts')];
  const [program, ...first] = [...(options.through ?? []), ...own];
  const { command, args } = endingWithUs(program ?? process.execPath, [...first, ...(options.args ?? [])]);
  const portVariables = SERVERS.map((server) => [
    `HEADWIND_${server.toUpperCase()}_PORT`,
    String(ports[server]),
  ]);
  return spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      HEADWIND_BIND_ADDRESS: '127.0.0.1',
      ...Object.fromEntries(portVariables),
      ...options.env,
    },
  });
}

function watch(child: Running, ports: Ports): Program {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (lines.length < MAX_LINES) lines.push(line);
    });
  }
  const exited = new Promise<Exit>((resolve) => {
    // `close` comes after `exit`, when the last of its output has been read.
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  void exited.then(() => process.off('exit', endWithUs));
  const url = (server: Server): string => `http://127.0.0.1:${ports[server]}`;
  return {
    pid: child.pid ?? 0,
    urls: { webhook: url('webhook'), api: url('api'), ui: url('ui'), metrics: url('metrics') },
    logs: () => lines.flatMap(parseLogLine),
    output: () => [...lines],
    kill: (signal = 'SIGTERM') => void child.kill(signal),
    exited,
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
  };
}

async function isReady(child: Running, program: Program): Promise<boolean> {
  if (child.exitCode != null || child.signalCode != null)
    throw new NoUseWaitingError(`it has ended with ${child.exitCode ?? child.signalCode}`);
  const answer = await fetch(`${program.urls.metrics}/readyz`, { signal: AbortSignal.timeout(2_000) });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`/readyz answers ${answer.status}: ${body.slice(0, 500)}`);
  return true;
}

function parseLogLine(line: string): readonly LogLine[] {
  if (!line.startsWith('{')) return [];
  try {
    const parsed = LogLine.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
