import type { Blocker } from '../../core/blocker.ts';
import { visible } from '../../core/visible.ts';
import type { Terminal } from '../terminal.ts';
import { formatObject, toTable, type FormatOptions } from './format.ts';
import { formatWorkloadName } from './names.ts';
import type { SimulatedAnswer } from './simulation.ts';

/** One artifact, what it would accept, and what would come of what was asked. */
export interface SimulatedArtifact {
  readonly kind: string;
  readonly namespace: string;
  /** The workload's. */
  readonly name: string;
  readonly policy: string;
  readonly artifact: string;
  readonly type: string;
  readonly image: string;
  readonly accepts: string;
  /** What becomes of what it accepts. */
  readonly handling: string;
  readonly blockers: readonly { readonly code: string; readonly message: string }[];
  readonly openRequest?: string;
  /** Versions that are held back. */
  readonly holds: readonly string[];
  readonly answers: readonly SimulatedAnswer[];
}

export interface PrintOptions {
  readonly terminal: Terminal;
  readonly format: FormatOptions;
  /** Whether something was asked about versions. */
  readonly asked: boolean;
  readonly notes: readonly string[];
}

const OUTCOMES: Readonly<Record<SimulatedAnswer['outcome'], string>> = {
  applied: 'applied at once',
  approval: 'waits for approval',
  waits: 'applied later',
  stays: 'stays',
};

/** Prints it in the wanted form: as names, the workloads that something would be done about. */
export function printSimulation(
  artifacts: readonly SimulatedArtifact[],
  { terminal, format, asked, notes }: PrintOptions,
): void {
  const moved = artifacts.filter(({ answers }) => answers.some(({ outcome }) => outcome !== 'stays'));
  const names = (): readonly string[] => [...new Set(moved.map(formatWorkloadName))];
  const text = formatObject({ artifacts, notes }, names, format.output);
  if (text !== undefined) {
    if (text !== '') terminal.out(text);
    return;
  }
  const lines = asked ? answersTable(artifacts, format) : rulesTable(artifacts, format);
  if (artifacts.length === 0) terminal.err('No workloads with headwind.sh/policy.');
  else for (const line of lines) terminal.out(line);
  for (const note of notes) terminal.err(`Note: ${visible(note)}.`);
}

function rulesTable(artifacts: readonly SimulatedArtifact[], options: FormatOptions): readonly string[] {
  const wide = options.output === 'wide';
  const header = [...placeHeader(options), 'ACCEPTS', 'THEN', 'WAITS FOR', ...(wide ? ['WHY', 'HELD'] : [])];
  const rows = artifacts.map((artifact) => [
    ...placeOf(artifact, options),
    artifact.accepts,
    artifact.accepts.startsWith('nothing') ? '-' : artifact.handling,
    artifact.blockers.map(({ code }) => code).join(',') || '-',
    ...(wide
      ? [artifact.blockers.map(({ message }) => message).join('; ') || '-', artifact.holds.join(',') || '-']
      : []),
  ]);
  return toTable(header, rows, options);
}

function answersTable(artifacts: readonly SimulatedArtifact[], options: FormatOptions): readonly string[] {
  const header = [...placeHeader(options), 'BY', 'VERSION', 'OUTCOME', 'WHY'];
  const rows = artifacts.flatMap((artifact) =>
    artifact.answers.map((answer) => [
      ...placeOf(artifact, options),
      answer.by,
      answer.candidate ?? '-',
      OUTCOMES[answer.outcome],
      whyOf(answer),
    ]),
  );
  return rows.length === 0 ? [] : toTable(header, rows, options);
}

function whyOf({ blockers, newImage, supersedes }: SimulatedAnswer): string {
  const parts = [
    ...(newImage === undefined ? [] : [`-> ${newImage}`]),
    ...blockers.map(describe),
    ...(supersedes.length === 0 ? [] : [`takes the place of ${supersedes.join(', ')}`]),
  ];
  return parts.join('; ') || '-';
}

function describe({ code, message, liftsAt }: Blocker): string {
  return liftsAt === undefined ? `${code}: ${message}` : `${code}: ${message}, until ${liftsAt}`;
}

function placeHeader({ withNamespace }: FormatOptions): readonly string[] {
  return [...(withNamespace ? ['NAMESPACE'] : []), 'WORKLOAD', 'CONTAINER', 'RUNS'];
}

function placeOf(
  { namespace, kind, name, artifact, image }: SimulatedArtifact,
  { withNamespace }: FormatOptions,
): readonly string[] {
  return [...(withNamespace ? [namespace] : []), `${kind}/${name}`, artifact, image];
}
