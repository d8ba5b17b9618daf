import { Option, type Command } from 'commander';
import { formatDuration } from '../../core/duration.ts';
import { OUTPUTS } from './format.ts';

export const DEFAULT_TIMEOUT_MS = 60_000;
/** Where the manifests put Headwind's API. */
export const DEFAULT_SERVICE = 'headwind-system/headwind-api:api';

export interface OptionRow {
  readonly flags: string;
  readonly description: string;
  /** The commands that understand it, where not all do; elsewhere it is refused, not ignored. */
  readonly only?: readonly string[];
  /** Whether it may be given several times. */
  readonly repeats?: boolean;
}

/** All options of the plugin. They may stand before and after the command. */
export const OPTIONS: readonly OptionRow[] = [
  { flags: '-n, --namespace <name>', description: "namespace (default: that of the kubeconfig's context)" },
  {
    flags: '-A, --all-namespaces',
    description: 'all namespaces',
    only: ['list', 'holds', 'explain', 'simulate'],
  },
  {
    flags: '-l, --selector <labels>',
    description: 'only those with these labels, such as app=web,tier!=db',
    only: ['list', 'explain', 'simulate'],
  },
  { flags: '-o, --output <form>', description: `one of ${OUTPUTS.join(', ')} (default: table)` },
  { flags: '--no-headers', description: 'tables without their first line' },
  {
    flags: '--phase <phases>',
    description: 'phases separated by commas, or all (default: pending,approved)',
    only: ['list'],
  },
  {
    flags: '--approver <who>',
    description: 'who decides (default: $HEADWIND_APPROVER, else who you are)',
    only: ['approve', 'reject', 'rollback', 'holds release'],
  },
  {
    flags: '--timeout <time>',
    description: `how long to wait for the update, 0: not at all (default: ${formatDuration(DEFAULT_TIMEOUT_MS)})`,
    only: ['approve', 'rollback'],
  },
  {
    flags: '-c, --container <name>',
    description: 'the container, or the chart of a release',
    only: ['history', 'rollback', 'explain', 'simulate'],
  },
  {
    flags: '--kind <kind>',
    description: 'the kind, where workloads of several kinds have the name',
    only: ['history', 'rollback', 'explain', 'pause', 'resume', 'simulate'],
  },
  {
    flags: '--to <version>',
    description:
      'how many versions back, or an image, a tag (:7 where it is a number) or a digest (default: 1)',
    only: ['rollback'],
  },
  { flags: '--dry-run', description: 'only tell what would be done', only: ['rollback'] },
  {
    flags: '--reason <text>',
    description: 'why',
    only: ['reject', 'rollback', 'holds release'],
  },
  {
    flags: '-f, --filename <file>',
    description: 'workloads of a manifest in place of the cluster, - for the standard input; repeatable',
    only: ['simulate'],
    repeats: true,
  },
  {
    flags: '--pushed <image>',
    description: 'what a push of this image and tag would cause; repeatable',
    only: ['simulate'],
    repeats: true,
  },
  {
    flags: '--tags <tags>',
    description: 'what there is: tags separated by commas, or <image>=<tags> for one repository; repeatable',
    only: ['simulate'],
    repeats: true,
  },
  {
    flags: '--registry',
    description: "ask the registries what there is, with your own docker's credentials",
    only: ['simulate'],
  },
  { flags: '--client', description: 'the version of this program alone', only: ['version'] },
  {
    flags: '--api-url <url>',
    description:
      "Headwind's approval API (default: $HEADWIND_API_URL, else the cluster itself); $HEADWIND_API_TOKEN is shown to it",
  },
  {
    flags: '--api-service <service>',
    description: `where that API is in the cluster, as <namespace>/<service>[:port], to be asked through the API server (default: ${DEFAULT_SERVICE})`,
    only: ['explain', 'version'],
  },
  { flags: '--kubeconfig <file>', description: 'kubeconfig file (default: as kubectl)' },
  { flags: '--context <name>', description: 'context of the kubeconfig' },
  { flags: '--as <user>', description: 'act as somebody else, as kubectl does' },
  { flags: '--as-group <group>', description: 'and as a member of this group; repeatable', repeats: true },
  { flags: '--as-uid <uid>', description: 'and with this uid' },
];

/** Declares them all on the program itself. */
export function declareOptions(program: Command): Command {
  for (const row of OPTIONS) program.addOption(toOption(row));
  return program;
}

/** Whether an option means something to a command, by its name with those above it: `holds release`. */
export function isFor({ only }: OptionRow, command: string): boolean {
  return only === undefined || only.includes(command);
}

/** The row of a declared option; undefined for those that every program has. */
export function rowOf(option: Option): OptionRow | undefined {
  return OPTIONS.find(({ flags }) => flags === option.flags);
}

/** The name under which commander hands an option on, such as `asGroup`. */
export function attributeOf({ flags }: OptionRow): string {
  return new Option(flags).attributeName();
}

function toOption({ flags, description, repeats }: OptionRow): Option {
  const option = new Option(flags, description);
  if (repeats === true)
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  return option;
}
