import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

const SETPRIV = '/usr/bin/setpriv';

export interface ChildOptions {
  /** How it is called in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where its standard output and error go, appended. */
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Whether it has not ended yet. */
  running(): boolean;
  /** Resolves when it has ended, with the code or the signal. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Sends the signal and waits for the end; after `graceMs` milliseconds it is killed. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
  /** The last lines of its log, for a failure message. */
  logTail(lines?: number): Promise<string>;
}

/**
 * Starts a long-running part. It ends with this process however this process ends: by a handler where it exits by
 * itself, and by the kernel's parent-death signal where it is killed.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = await open(options.logFile, 'a');
  const { command, args } = endingWithUs(options.command, options.args);
  const child = spawn(command, args, {
    stdio: ['ignore', log.fd, log.fd],
    env: options.env ?? process.env,
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  const started = spawned(child, options);
  await log.close();
  const pid = await started;
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  void exited.then(() => process.off('exit', endWithUs));
  const running = (): boolean => child.exitCode == null && child.signalCode == null;
  return {
    name: options.name,
    pid,
    running,
    exited,
    stop: async (signal = 'SIGTERM', graceMs = 10_000) => {
      if (!running()) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
    logTail: async (lines = 20) => tail(options.logFile, lines),
  };
}

/**
 * The same command, such that the kernel kills it when this process is gone, even by SIGKILL; the process id stays the
 * program's own. Without util-linux's setpriv it is the command as it is.
 */
export function endingWithUs(
  command: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  if (!existsSync(SETPRIV)) return { command, args };
  return { command: SETPRIV, args: ['--pdeathsig', 'KILL', '--', command, ...args] };
}

function spawned(child: ChildProcess, options: ChildOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    child.once('error', (cause) =>
      reject(new Error(`${options.name} cannot be started (${options.command})`, { cause })),
    );
  });
}

async function tail(file: string, lines: number): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/**
 * `count` TCP ports on 127.0.0.1 that were free a moment ago. They lie below the range from which the system takes the
 * ports of outgoing connections, and are drawn at random, so that hardly anybody takes one before it is used.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
