import type { Command } from 'commander';
import { z } from 'zod';
import { readDuration, readNamespace, readOneOf, readUrl, type Reader } from '../../config/values.ts';
import { formatDuration } from '../../core/duration.ts';
import { parseWish, PREVIOUS, type RollbackWish } from '../../core/rollback-target.ts';
import { PHASES, type Phase } from '../../core/update-request.ts';
import { KIND_EXPECTED, parseKind } from '../../core/workload-kind-name.ts';
import type { WorkloadKind } from '../../core/workload.ts';
import { UsageError } from '../exit.ts';
import { OUTPUTS, type Output } from './format.ts';

/** All options of the plugin, read and checked. */
export interface PluginOptions {
  readonly namespace: string | undefined;
  readonly allNamespaces: boolean;
  readonly output: Output;
  /** Headwind's own API in place of the cluster's; without a slash at its end. */
  readonly apiUrl: string | undefined;
  /** A Kubernetes token for that API, where it asks for one. */
  readonly apiToken: string | undefined;
  readonly approver: string | undefined;
  readonly phases: readonly Phase[];
  readonly timeoutMs: number;
  readonly container: string | undefined;
  readonly wish: RollbackWish;
  readonly dryRun: boolean;
  readonly reason: string | undefined;
  readonly kind: WorkloadKind | undefined;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const OPEN: readonly Phase[] = ['Pending', 'Approved'];
const MAX_NAME = 256;
const MAX_REASON = 1024;
const OBJECT_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Options that only some commands understand; elsewhere they are refused, not ignored. */
const ONLY_FOR: Readonly<Record<string, readonly string[]>> = {
  allNamespaces: ['list', 'holds'],
  phase: ['list'],
  approver: ['approve', 'reject', 'rollback', 'holds release'],
  timeout: ['approve', 'rollback'],
  container: ['history', 'rollback'],
  kind: ['history', 'rollback'],
  to: ['rollback'],
  dryRun: ['rollback'],
  reason: ['reject', 'rollback', 'holds release'],
};

const Given = z.object({
  namespace: z.string().optional(),
  allNamespaces: z.boolean().optional(),
  output: z.string().optional(),
  apiUrl: z.string().optional(),
  approver: z.string().optional(),
  phase: z.string().optional(),
  timeout: z.string().optional(),
  container: z.string().optional(),
  kind: z.string().optional(),
  to: z.string().optional(),
  dryRun: z.boolean().optional(),
  reason: z.string().optional(),
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
});

/** Declares the options on the program itself, so that they may stand before and after the command. */
export function declareOptions(program: Command): Command {
  return program
    .option('-n, --namespace <name>', "namespace (default: that of the kubeconfig's context)")
    .option('-A, --all-namespaces', 'list, holds: all namespaces')
    .option('-o, --output <form>', `one of ${OUTPUTS.join(', ')} (default: table)`)
    .option('--phase <phases>', 'list: phases separated by commas, or all (default: pending,approved)')
    .option(
      '--approver <who>',
      'approve, reject, rollback, holds release: who decides (default: $HEADWIND_APPROVER, else who you are)',
    )
    .option(
      '--timeout <time>',
      `approve, rollback: how long to wait for the update, 0: not at all (default: ${formatDuration(DEFAULT_TIMEOUT_MS)})`,
    )
    .option('-c, --container <name>', 'history, rollback: the container, or the chart of a release')
    .option('--kind <kind>', 'history, rollback: the kind, where workloads of several kinds have the name')
    .option(
      '--to <version>',
      'rollback: how many versions back, or an image, a tag (:7 where it is a number) or a digest (default: 1)',
    )
    .option('--dry-run', 'rollback: only tell what would be done')
    .option('--reason <text>', 'reject, rollback, holds release: why')
    .option(
      '--api-url <url>',
      "Headwind's approval API (default: $HEADWIND_API_URL, else the cluster itself); $HEADWIND_API_TOKEN is shown to it",
    )
    .option('--kubeconfig <file>', 'kubeconfig file (default: as kubectl)')
    .option('--context <name>', 'context of the kubeconfig');
}

/** Reads the options that were given to `command`. Throws UsageError. */
export function readOptions(
  given: unknown,
  command: string,
  env: Readonly<Record<string, string | undefined>>,
): PluginOptions {
  const options = Given.parse(given);
  refuseStrayOptions(options, command);
  return {
    namespace: readIf('--namespace', options.namespace, readNamespace),
    allNamespaces: options.allNamespaces ?? false,
    output: readIf('--output', options.output, readOneOf(OUTPUTS)) ?? 'table',
    apiUrl: readIf('--api-url', nonEmpty(options.apiUrl ?? env['HEADWIND_API_URL']), readUrl),
    apiToken: readToken(nonEmpty(env['HEADWIND_API_TOKEN']?.trim())),
    approver: readApprover(options.approver ?? env['HEADWIND_APPROVER']),
    phases: readPhases(options.phase),
    timeoutMs: readIf('--timeout', options.timeout, readDuration) ?? DEFAULT_TIMEOUT_MS,
    container: nonEmpty(options.container),
    wish: readWish(options.to),
    dryRun: options.dryRun ?? false,
    reason: readReason(options.reason),
    kind: readKind(options.kind),
    kubeconfig: options.kubeconfig,
    context: options.context,
  };
}

/** A name as given by people: `x`, `ur/x`, or as `-o name` prints it. Throws UsageError. */
export function readRequestName(text: string): string {
  const [, name = ''] = /^(?:(?:ur|upd|updaterequests?(?:\.headwind\.sh)?)\/)?([^/]*)$/.exec(text) ?? [];
  if (OBJECT_NAME.test(name)) return name;
  throw new UsageError(`"${text}" is not the name of an update request`);
}

/** A workload as given by people: `web`, `deploy/web`, `statefulsets.apps/web`. Throws UsageError. */
export function readWorkloadName(
  text: string,
  kind: WorkloadKind | undefined,
): { readonly name: string; readonly kind: WorkloadKind | undefined } {
  const [, prefix, name = ''] = /^(?:([^/]*)\/)?([^/]*)$/.exec(text) ?? [];
  const said = prefix === undefined ? undefined : readKind(prefix);
  if (said !== undefined && kind !== undefined && said !== kind)
    throw new UsageError(`"${text}" is a ${said}, and --kind says ${kind}`);
  if (OBJECT_NAME.test(name)) return { name, kind: said ?? kind };
  throw new UsageError(`"${text}" is not the name of a workload`);
}

function readKind(text: string | undefined): WorkloadKind | undefined {
  if (text === undefined) return undefined;
  const kind = parseKind(text);
  if (kind !== undefined) return kind;
  throw new UsageError(`"${text}": expected ${KIND_EXPECTED}`);
}

function readWish(text: string | undefined): RollbackWish {
  if (text === undefined) return PREVIOUS;
  if (text.trim() === '')
    throw new UsageError('--to: expected how many versions back, an image, a tag or a digest');
  return parseWish(text.trim());
}

function readReason(text: string | undefined): string | undefined {
  const reason = nonEmpty(text?.trim());
  if (reason === undefined || reason.length <= MAX_REASON) return reason;
  throw new UsageError(`--reason: expected at most ${MAX_REASON} characters`);
}

function refuseStrayOptions(options: z.infer<typeof Given>, command: string): void {
  for (const [name, commands] of Object.entries(ONLY_FOR)) {
    if (Object.hasOwn(options, name) && !commands.includes(command))
      throw new UsageError(`--${kebab(name)} does not go with ${command}`);
  }
  if (options.namespace !== undefined && options.allNamespaces === true)
    throw new UsageError('--namespace and --all-namespaces exclude each other');
}

function readToken(text: string | undefined): string | undefined {
  if (text === undefined || /^[\x21-\x7e]+$/.test(text)) return text;
  throw new UsageError('HEADWIND_API_TOKEN: expected a token, without spaces');
}

function readApprover(text: string | undefined): string | undefined {
  const who = nonEmpty(text?.trim());
  if (who === undefined || who.length <= MAX_NAME) return who;
  throw new UsageError(`--approver: expected a name of at most ${MAX_NAME} characters`);
}

function readPhases(text: string | undefined): readonly Phase[] {
  if (text === undefined) return OPEN;
  if (text.toLowerCase() === 'all') return PHASES;
  return text.split(',').map((word) => {
    const phase = PHASES.find((known) => known.toLowerCase() === word.trim().toLowerCase());
    if (phase === undefined) throw new UsageError(`--phase: "${word}" is none of ${PHASES.join(', ')}, all`);
    return phase;
  });
}

function readIf<T>(name: string, text: string | undefined, read: Reader<T>): T | undefined {
  if (text === undefined) return undefined;
  const parsed = read(text);
  if (parsed.ok) return parsed.value;
  throw new UsageError(`${name} "${text}": expected ${parsed.error}`);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
