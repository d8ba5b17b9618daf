import { Command, InvalidArgumentError, Option } from 'commander';
import { runDemo, type DemoOptions } from '../sandbox/demo.ts';
import { systemClock } from '../system.ts';
import { openDashboardFiles } from './dashboard-files.ts';
import { EXIT } from './exit.ts';
import { createTerminal } from './terminal.ts';
import { programVersion } from './version.ts';

interface DemoFlags {
  readonly webhookPort?: number;
  readonly apiPort?: number;
  readonly uiPort?: number;
  readonly metricsPort?: number;
  readonly kubernetesPort?: number;
  readonly registryPort?: number;
  readonly output?: DemoOptions['format'];
}

/** `headwind demo`: everything in one process, until Ctrl-C. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('everything in one process: a Kubernetes API, a registry, workloads and new versions')
    .addOption(portOption('--webhook-port', 'webhooks', '8080, or a free one'))
    .addOption(portOption('--api-port', 'the approval API', '8081, or a free one'))
    .addOption(portOption('--ui-port', 'the dashboard', '8082, or a free one'))
    .addOption(portOption('--metrics-port', 'metrics', '9090, or a free one'))
    .addOption(portOption('--kubernetes-port', 'the Kubernetes API', 'a free one'))
    .addOption(portOption('--registry-port', 'the registry', 'a free one'))
    .addOption(
      new Option(
        '--output <format>',
        'how to tell what happens (default: text at a terminal, else json)',
      ).choices(['text', 'json']),
    )
    .addHelpText(
      'after',
      '\nNeeds no cluster and no Docker, listens on 127.0.0.1 only and leaves nothing behind.\nColours are left out when NO_COLOR is set.',
    )
    .action(async (flags: DemoFlags) => runUntilSignal(flags));
}

function portOption(flag: string, what: string, usual: string): Option {
  return new Option(`${flag} <port>`, `port for ${what}; 0 is a free one (default: ${usual})`).argParser(
    (text) => {
      if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
        throw new InvalidArgumentError('a port is a number from 0 to 65535');
      return Number(text);
    },
  );
}

async function runUntilSignal(flags: DemoFlags): Promise<void> {
  const terminal = createTerminal(process.env);
  const format = flags.output ?? (terminal.isInteractive ? 'text' : 'json');
  const controller = new AbortController();
  const end = (): void => {
    // Who asks twice does not want to wait.
    if (controller.signal.aborted) process.exit(EXIT.failed);
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, end);
  try {
    await runDemo({
      clock: systemClock,
      random: Math.random,
      write: (line) => terminal.out(line),
      format,
      colours: terminal.colours && format === 'text',
      version: programVersion(),
      assets: await openDashboardFiles(),
      ports: {
        webhook: flags.webhookPort,
        api: flags.apiPort,
        ui: flags.uiPort,
        metrics: flags.metricsPort,
        kubernetes: flags.kubernetesPort,
        registry: flags.registryPort,
      },
      signal: controller.signal,
    });
  } finally {
    for (const signal of signals) process.off(signal, end);
    terminal.flush();
  }
}
