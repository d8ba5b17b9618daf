import { STATUS_CODES } from 'node:http';
import { PROBLEMS, type ProblemCode } from '../../src/http/problem.ts';
import { REMEDIES } from './error-facts.ts';
import { fenced, generatedFrom, page, relink, table } from './markdown.ts';

const EXAMPLE = {
  type: 'urn:headwind:problem:HW_CONFLICT',
  title: PROBLEMS.HW_CONFLICT.title,
  status: PROBLEMS.HW_CONFLICT.status,
  detail: 'Update request is not Pending, current phase: Completed',
  error: 'Update request is not Pending, current phase: Completed',
  code: 'HW_CONFLICT',
  current_phase: 'Completed',
  instance: '/api/v1/updates/shop/web-app-1-26-0-5f0c2a9e/approve',
};

/** docs/reference/errors.md. */
export function errorsPage(): string {
  const statuses = new Set(Object.values(PROBLEMS).map(({ status }) => status));
  return page(
    generatedFrom('src/http/problem.ts', 'tools/reference/error-facts.ts'),
    '# Errors',
    'All ports answer errors in one shape, `application/problem+json` (RFC 9457). `code` never changes its meaning: scripts may ' +
      'rely on it. `detail` is one sentence for a person, and `error` repeats it for clients of an older shape. Some errors have ' +
      'members of their own, such as `current_phase`.',
    fenced('json', JSON.stringify(EXAMPLE, null, 2)),
    'In metrics and in the log the codes are labels: `HW_BAD_JSON` is `bad-json` in `headwind_http_rejected_total` and ' +
      '`headwind_webhook_requests_total`.',
    '## All of them',
    table(
      ['Code', 'Status', 'Meaning'],
      codes().map((code) => {
        const { status, title } = PROBLEMS[code];
        return [`[\`${code}\`](#${code.toLowerCase()})`, String(status), title];
      }),
    ),
    ...[...statuses].flatMap((status) => [
      `## ${status} ${STATUS_CODES[status] ?? ''}`,
      ...codes()
        .filter((code) => PROBLEMS[code].status === status)
        .flatMap(section),
    ]),
  );
}

function codes(): readonly ProblemCode[] {
  return Object.keys(PROBLEMS).filter((code): code is ProblemCode => Object.hasOwn(PROBLEMS, code));
}

function section(code: ProblemCode): readonly string[] {
  return [`### ${code}`, `${PROBLEMS[code].title}.`, remedyOf(code)];
}

/** Links to pages beside this one stay, all others lead up. */
function remedyOf(code: ProblemCode): string {
  return relink(REMEDIES[code], '..').replaceAll('](../api.md', '](api.md');
}
