import { BLOCKER_CODES } from '../../src/core/blocker.ts';
import { BLOCKER_FACTS } from './blocker-facts.ts';
import { generatedFrom, page, table } from './markdown.ts';

/** All blockers as a table, for README.md. */
export function blockersMarkdown(): string {
  const rows = BLOCKER_CODES.map((code) => [`\`${code}\``, BLOCKER_FACTS[code].meaning]);
  return table(['Blocker', 'Meaning'], rows);
}

/** docs/reference/blockers.md. */
export function blockersPage(): string {
  return page(
    generatedFrom('src/core/blocker.ts', 'tools/reference/blocker-facts.ts'),
    '# Blockers',
    'A blocker is one reason for an artifact to stay or to wait. The code is the same everywhere: in `GET /api/v1/workloads`, in ' +
      '`kubectl headwind explain`, on the dashboard, in Events, in the condition `Applied` of an UpdateRequest and in the label ' +
      '`outcome` of `headwind_decisions_total`. Where it is known when a blocker lifts by itself, that is told beside it (`liftsAt`).',
    'Each leads to what to do about it.',
    table(
      ['Blocker', 'Meaning', 'It lifts'],
      BLOCKER_CODES.map((code) => [
        `[\`${code}\`](../troubleshooting.md#${code})`,
        BLOCKER_FACTS[code].meaning,
        BLOCKER_FACTS[code].lifts,
      ]),
    ),
  );
}
