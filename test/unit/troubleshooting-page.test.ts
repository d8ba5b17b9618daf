import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BLOCKER_CODES } from '../../src/core/blocker.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const ROOT = new URL('../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/troubleshooting.md', ROOT), 'utf8');
const STATUSES: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(PROBLEMS).map(([code, { status }]) => [code, status]),
);

/** What follows a heading, up to the next one. */
function sectionOf(heading: string): string {
  const [, ...sections] = PAGE.split(/^#{2,3} /m);
  return sections.find((section) => section.startsWith(`${heading}\n`)) ?? '';
}

describe('docs/troubleshooting.md', () => {
  it.each(BLOCKER_CODES)('has a heading for the blocker %s that says what to do', (code) => {
    expect(sectionOf(`\`${code}\``)).toContain('\n- **Do:** ');
  });

  it('has no headings for blockers that there are not', () => {
    const named = Array.from(PAGE.matchAll(/^### `([^`]+)`$/gm), ([, code = '']) => code);
    expect(named).toEqual(BLOCKER_CODES);
  });

  const answers = Array.from(PAGE.matchAll(/^\| (\d{3}) (`HW_[^|]+) \|/gm)).flatMap(
    ([, status = '', codes = '']) =>
      Array.from(codes.matchAll(/`(HW_[A-Z_]+)`/g), ([, code = '']) => [code, Number(status)] as const),
  );
  it.each(answers)('knows that %s is answered with %i', (code, status) => {
    expect(STATUSES[code]).toBe(status);
  });

  const metrics = new Set(Array.from(PAGE.matchAll(/`(headwind_[a-z_]+)`/g), ([, name = '']) => name));
  it.each([...metrics])('names the metric %s, which there is', (name) => {
    expect(createMetrics().described.map((metric) => metric.name)).toContain(name);
  });

  const targets = new Set(Array.from(PAGE.matchAll(/`(headwind::[a-z]+)`/g), ([, target = '']) => target));
  it.each([...targets])('names the log target %s, which there is', (target) => {
    const sources = readdirSync(new URL('src/', ROOT), { recursive: true, encoding: 'utf8' });
    const uses = (file: string): boolean =>
      file.endsWith('.ts') && readFileSync(new URL(`src/${file}`, ROOT), 'utf8').includes(`'${target}'`);
    expect(sources.some((file) => uses(file))).toBe(true);
  });
});
