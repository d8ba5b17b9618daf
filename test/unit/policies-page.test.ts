import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAnnotations } from '../../src/core/annotations.ts';
import { decide, proposalBlockers, toPolicyRule, type ProposalInput } from '../../src/core/decision.ts';
import { parseImageReference } from '../../src/core/image-reference.ts';
import { chooseFromList } from '../../src/core/newest-tag.ts';
import { compilePattern } from '../../src/core/pattern.ts';
import { judgePushed, POLICIES, type PolicyRule } from '../../src/core/policy.ts';
import { aContainer } from '../builders.ts';

/** One row of a table, by the names in the table's first line. */
type Row = Readonly<Record<string, string>>;

const PAGE = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8');
const ROWS = tableRows(PAGE);
const titled = (rows: readonly Row[]): (readonly [string, Row])[] =>
  rows.map((row) => [Object.values(row).slice(0, 3).join(' · '), row]);

function tableRows(text: string): readonly Row[] {
  return text.split(/\n{2,}/).flatMap((block) => {
    const [head = '', rule = '', ...lines] = block.trimEnd().split('\n');
    if (!rule.startsWith('| --- ')) return [];
    const names = cellsOf(head);
    return lines.map((line) =>
      Object.fromEntries(cellsOf(line).map((cell, index) => [names[index] ?? '', cell])),
    );
  });
}

function cellsOf(line: string): readonly string[] {
  return line
    .slice(1, -1)
    .split(' | ')
    .map((cell) => cell.trim());
}

function codesIn(cell = ''): readonly string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, code = '']) => code);
}

function codeIn(cell = ''): string {
  return codesIn(cell)[0] ?? '';
}

/** `minor`, perhaps with a pattern behind it, perhaps "with pre-releases". */
function ruleOf({ Policy: cell = '' }: Row): PolicyRule {
  const [name, text] = codesIn(cell);
  const policy = POLICIES.find((known) => known === name);
  if (policy === undefined) throw new Error(`${cell} names no policy`);
  const pattern = text === undefined ? undefined : compilePattern(text);
  if (pattern?.ok === false) throw new Error(pattern.error);
  return { policy, pattern: pattern?.value, prerelease: cell.includes('with pre-releases') };
}

/** The page writes `sha256:aaaa…` for a digest of 64 characters. */
function long(text: string): string {
  return text.replaceAll(/sha256:([0-9a-f])\1{3}…/g, (_, digit: string) => `sha256:${digit.repeat(64)}`);
}

function short(text: string): string {
  return text.replaceAll(/sha256:([0-9a-f])\1{63}/g, 'sha256:$1$1$1$1…');
}

describe('docs/policies.md', () => {
  it.each(POLICIES)('has an example of the policy %s', (policy) => {
    expect(PAGE).toContain(`\n### ${policy}\n`);
    expect(ROWS.filter((row) => 'Running' in row && ruleOf(row).policy === policy)).not.toEqual([]);
  });

  const lists = ROWS.filter((row) => 'In the registry' in row);
  it.each(titled(lists))('is right about a list: %s', (_, row) => {
    const choice = chooseFromList(ruleOf(row), codeIn(row['Running']), codesIn(row['In the registry']));
    const reasons = choice.tags.map(({ reason }) => reason);

    expect(row['Chosen']).toBe(choice.selected === undefined ? 'none' : `\`${choice.selected}\``);
    // Some of the reasons, each as the program words it.
    const left = reasons.reduce((why, reason) => why.replace(reason, ''), row['Why'] ?? '');
    expect(left.replaceAll('; ', '')).toBe('');
    expect(row['Why']).not.toBe('');
  });

  const pushes = ROWS.filter((row) => 'Pushed' in row);
  it.each(titled(pushes))('is right about a push: %s', (_, row) => {
    const verdict = judgePushed(ruleOf(row), codeIn(row['Running']), codeIn(row['Pushed']));

    expect(row).toMatchObject({ Taken: verdict.admitted ? 'yes' : 'no', Why: verdict.reason });
  });

  const digests = ROWS.filter((row) => 'Digest in the registry' in row);
  it.each(titled(digests))('is right about a digest: %s', (_, row) => {
    expect(row['Becomes']).toBe(whatBecomesOf(row));
  });

  it('has examples of every form', () => {
    expect([lists, pushes, digests].map(({ length }) => length > 3)).toEqual([true, true, true]);
  });
});

/** Its own tag was pushed, and the registry has this digest under it. */
function whatBecomesOf(row: Row): string {
  const image = long(codeIn(row['Running']));
  const reference = parseImageReference(image);
  const tracking = row['Policy']?.includes('tracking the digest') === true;
  const { settings, problems } = parseAnnotations({
    'headwind.sh/policy': codeIn(row['Policy']),
    ...(tracking ? { 'headwind.sh/track-digest': 'true' } : {}),
  });
  const tag = reference.ok ? reference.value.tag : undefined;
  const input: ProposalInput = {
    artifact: aContainer({ image }),
    reference,
    settings,
    problems,
    rule: toPolicyRule(settings),
    candidate: { tag: tag ?? '', source: 'webhook' },
    requests: [],
  };
  const digest = long(codeIn(row['Digest in the registry']));
  const [blocker] = proposalBlockers(input);
  const decision =
    blocker === undefined ? decide(input, { outcome: 'found', digest }, 'auto') : { blockers: [blocker] };
  return 'newImage' in decision
    ? `\`${short(decision.newImage)}\``
    : `stays: ${decision.blockers[0]?.message ?? ''}`;
}
