import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { requirePart } from './binaries.ts';
import { startChild, type Child } from './child.ts';
import { eventually, NoUseWaitingError } from './eventually.ts';

export interface MetricsBackend {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Waits until it has scraped this metric, with a value that fulfils the condition: `== 0`, say. */
  knows(metric: string, condition?: string): Promise<void>;
  /** Ends it; what it stored stays until `remove`. */
  stop(): Promise<void>;
  /** Ends it and removes all that it stored. */
  remove(): Promise<void>;
}

export interface MetricsBackendOptions {
  readonly port: number;
  /** `host:port` of what it scrapes, every second. */
  readonly target: string;
}

/** Starts Debian's Prometheus on 127.0.0.1, with its storage in a directory of its own. */
export function startPrometheus(options: MetricsBackendOptions): Promise<MetricsBackend> {
  return start(options, 'prometheus', (directory, config) => [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${options.port}`,
  ]);
}

/** Starts Debian's VictoriaMetrics likewise. What is newer than 30 s it would hide; here 1 s. */
export function startVictoriaMetrics(options: MetricsBackendOptions): Promise<MetricsBackend> {
  return start(options, 'victoria-metrics', (directory, config) => [
    `-promscrape.config=${config}`,
    `-storageDataPath=${join(directory, 'data')}`,
    `-httpListenAddr=127.0.0.1:${options.port}`,
    '-search.latencyOffset=1s',
    '-retentionPeriod=2',
  ]);
}

async function start(
  { port, target }: MetricsBackendOptions,
  program: 'prometheus' | 'victoria-metrics',
  argsFor: (directory: string, config: string) => readonly string[],
): Promise<MetricsBackend> {
  const command = requirePart(program, process.env);
  const directory = await mkdtemp(join(tmpdir(), `headwind-${program}-`));
  const config = join(directory, 'scrape.yml');
  const scrapes = [{ job_name: 'headwind', static_configs: [{ targets: [target] }] }];
  await writeFile(config, dump({ global: { scrape_interval: '1s' }, scrape_configs: scrapes }));
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(directory, 'log');
  const child = await startChild({ name: program, command, args: argsFor(directory, config), logFile });
  const remove = async (): Promise<void> => {
    await child.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await eventually(() => answers(child, url), { what: `${program} answers`, timeoutMs: 30_000 });
    const knows = async (metric: string, condition = ''): Promise<void> => {
      const expression = `${metric} ${condition}`;
      const check = async (): Promise<boolean> => (await query(url, expression)).includes(metric);
      await eventually(check, { what: `${program} knows ${expression}`, timeoutMs: 30_000, everyMs: 200 });
    };
    return { url, knows, stop: () => child.stop(), remove };
  } catch (error) {
    const log = await child.logTail();
    await remove();
    throw new Error(`${String(error)}\n${log}`, { cause: error });
  }
}

async function answers(child: Child, url: string): Promise<boolean> {
  if (!child.running()) throw new NoUseWaitingError('it has ended');
  return (await query(url, 'up')).includes('success');
}

async function query(url: string, expression: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`, {
    signal: AbortSignal.timeout(2000),
  });
  return answer.text();
}
