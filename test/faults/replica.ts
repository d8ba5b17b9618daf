import { freePorts } from '../parts/child.ts';
import { eventually, NoUseWaitingError } from '../parts/eventually.ts';
import { startHeadwind, type Exit, type LogLine, type Program } from '../parts/program.ts';
import type { ApiProxy, Replica } from './fault.ts';

/** A replica with all that it ever said. */
export interface ObservedReplica extends Replica {
  /** Its log since the beginning, over all processes that it was. */
  logs(): readonly LogLine[];
  /** What it printed that is no record of its log: a stack, a warning of Node.js. */
  otherOutput(): readonly string[];
  /** How it ended without being told to. */
  readonly crashes: readonly Exit[];
  /** Resolves when it says that it is ready. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;

export async function startReplica({
  name,
  proxy,
  env,
}: {
  readonly name: string;
  readonly proxy: ApiProxy;
  readonly env: Readonly<Record<string, string>>;
}): Promise<ObservedReplica> {
  const [webhook = 0, api = 0, ui = 0, metrics = 0] = await freePorts(4);
  const ports = {
    HEADWIND_WEBHOOK_PORT: String(webhook),
    HEADWIND_API_PORT: String(api),
    HEADWIND_UI_PORT: String(ui),
    HEADWIND_METRICS_PORT: String(metrics),
  };
  const programs: Program[] = [];
  const expected = new WeakSet<Program>();
  const ended = new WeakSet<Program>();
  const crashes: Exit[] = [];

  const launch = async (): Promise<Program> => {
    const program = await startHeadwind({ env: { ...env, ...ports }, waitUntilReady: false });
    programs.push(program);
    void program.exited.then((exit) => {
      ended.add(program);
      const isClean = exit.code === 0 && expected.has(program);
      const isKilled = exit.signal === 'SIGKILL' && expected.has(program);
      if (!isClean && !isKilled) crashes.push(exit);
    });
    return program;
  };
  const first = await launch();
  const current = (): Program => programs.at(-1) ?? first;

  const replica: ObservedReplica = {
    name,
    proxy,
    urls: current().urls,
    async leads() {
      try {
        const { metrics } = current().urls;
        const answer = await fetch(`${metrics}/metrics`, { signal: AbortSignal.timeout(1000) });
        return /^headwind_leader 1$/m.test(await answer.text());
      } catch {
        return false;
      }
    },
    async signal(signal) {
      const program = current();
      if (signal === 'SIGKILL' || signal === 'SIGTERM') expected.add(program);
      program.kill(signal);
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await program.exited;
    },
    async start() {
      if (ended.has(current())) await launch();
      await replica.ready();
    },
    async ready() {
      await eventually(
        async () => {
          if (ended.has(current())) throw new NoUseWaitingError(current().output().slice(-20).join('\n'));
          const answer = await fetch(`${current().urls.metrics}/readyz`, {
            signal: AbortSignal.timeout(2000),
          });
          await answer.body?.cancel();
          return answer.ok;
        },
        { what: `${name} is ready`, timeoutMs: READY_TIMEOUT_MS, everyMs: 50 },
      );
    },
    logs: () => programs.flatMap((program) => program.logs()),
    otherOutput: () =>
      programs.flatMap((program) => program.output().filter((line) => !line.startsWith('{"timestamp"'))),
    crashes,
    async close() {
      expected.add(current());
      current().kill('SIGCONT');
      current().kill('SIGKILL');
      await current().exited;
    },
  };
  return replica;
}
