import { z } from 'zod';
import { readDuration, readNamespace, readOneOf, readUrl, type Reader } from '../../config/values.ts';
import { parseWish, PREVIOUS, type RollbackWish } from '../../core/rollback-target.ts';
import { PHASES, type Phase } from '../../core/update-request.ts';
import type { WorkloadKind } from '../../core/workload.ts';
import type { Impersonation } from '../../kubernetes/connection.ts';
import { UsageError } from '../exit.ts';
import { OUTPUTS, type Output } from './format.ts';
import { readSelector, type Selector } from './label-selector.ts';
import { readKind } from './names.ts';
import { attributeOf, DEFAULT_SERVICE, DEFAULT_TIMEOUT_MS, OPTIONS } from './option-table.ts';
import { readApiUrl, readService, readToken, type ServiceAddress } from './api-address.ts';

/** All options of the plugin, read and checked. */
export interface PluginOptions {
  readonly namespace: string | undefined;
  readonly allNamespaces: boolean;
  readonly selector: Selector | undefined;
  readonly output: Output;
  readonly headers: boolean;
  /** Headwind's own API in place of the cluster's; without a slash at its end. */
  readonly apiUrl: string | undefined;
  /** A Kubernetes token for that API, where it asks for one. */
  readonly apiToken: string | undefined;
  /** Where the API is asked through the API server. */
  readonly apiService: ServiceAddress;
  readonly approver: string | undefined;
  readonly phases: readonly Phase[];
  readonly timeoutMs: number;
  readonly container: string | undefined;
  readonly wish: RollbackWish;
  readonly dryRun: boolean;
  readonly reason: string | undefined;
  readonly kind: WorkloadKind | undefined;
  /** Manifests in place of the cluster. */
  readonly files: readonly string[];
  readonly pushed: readonly string[];
  readonly tags: readonly string[];
  readonly registry: boolean;
  readonly client: boolean;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly impersonate: Impersonation | undefined;
}

const OPEN: readonly Phase[] = ['Pending', 'Approved'];
const MAX_NAME = 256;
const MAX_REASON = 1024;

const Text = z.string().optional();
const Texts = z.array(z.string());
const Flag = z.boolean().default(false);
const Given = z.object({
  namespace: Text,
  allNamespaces: Flag,
  selector: Text,
  output: Text,
  headers: z.boolean().default(true),
  apiUrl: Text,
  apiService: Text,
  approver: Text,
  phase: Text,
  timeout: Text,
  container: Text,
  kind: Text,
  to: Text,
  dryRun: Flag,
  reason: Text,
  filename: Texts.default([]),
  pushed: Texts.default([]),
  tags: Texts.default([]),
  registry: Flag,
  client: Flag,
  kubeconfig: Text,
  context: Text,
  as: Text,
  asGroup: Texts.optional(),
  asUid: Text,
});
type Given = z.infer<typeof Given>;

/** Reads the options that were given to `command`. Throws UsageError. */
export function readOptions(
  given: unknown,
  command: string,
  env: Readonly<Record<string, string | undefined>>,
): PluginOptions {
  const options = Given.parse(given);
  refuseStrayOptions(z.record(z.string(), z.unknown()).parse(given), command);
  const { allNamespaces, headers, dryRun, registry, client, pushed, tags } = options;
  return {
    allNamespaces,
    headers,
    dryRun,
    registry,
    client,
    files: options.filename,
    pushed,
    tags,
    namespace: readIf('--namespace', options.namespace, readNamespace),
    selector: options.selector === undefined ? undefined : readSelector(options.selector),
    output: readIf('--output', options.output, readOneOf(OUTPUTS)) ?? 'table',
    apiUrl: readIf('--api-url', nonEmpty(options.apiUrl), readUrl) ?? readApiUrl(env),
    apiToken: readToken(env),
    apiService: readService(options.apiService ?? DEFAULT_SERVICE),
    approver: readApprover(options.approver ?? env['HEADWIND_APPROVER']),
    phases: readPhases(options.phase),
    timeoutMs: readIf('--timeout', options.timeout, readDuration) ?? DEFAULT_TIMEOUT_MS,
    container: nonEmpty(options.container),
    wish: readWish(options.to),
    reason: readReason(options.reason),
    kind: readKind(options.kind),
    kubeconfig: options.kubeconfig,
    context: options.context,
    impersonate: readImpersonation(options),
  };
}

function refuseStrayOptions(options: Readonly<Record<string, unknown>>, command: string): void {
  for (const row of OPTIONS) {
    if (row.only === undefined || row.only.includes(command)) continue;
    if (Object.hasOwn(options, attributeOf(row)))
      throw new UsageError(`--${/--([a-z-]+)/.exec(row.flags)?.[1] ?? ''} does not go with ${command}`);
  }
  if (Object.hasOwn(options, 'namespace') && Object.hasOwn(options, 'allNamespaces'))
    throw new UsageError('--namespace and --all-namespaces exclude each other');
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

function readApprover(text: string | undefined): string | undefined {
  const who = nonEmpty(text?.trim());
  if (who === undefined || who.length <= MAX_NAME) return who;
  throw new UsageError(`--approver: expected a name of at most ${MAX_NAME} characters`);
}

function readImpersonation({ as, asGroup, asUid }: Given): Impersonation | undefined {
  if (as === undefined) {
    if (asGroup === undefined && asUid === undefined) return undefined;
    throw new UsageError('--as-group and --as-uid go with --as');
  }
  if (as === '') throw new UsageError('--as: expected the name of a user');
  return { user: as, uid: asUid, groups: asGroup ?? [] };
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
