import { describe, expect, it } from 'vitest';
import { checkFloors, importsOf } from '../../tools/floors.ts';

const EXISTING = [
  'src/core/policy.ts',
  'src/core/version.ts',
  'src/telemetry/log.ts',
  'src/config/settings.ts',
  'src/kubernetes/client.ts',
  'src/registry/client.ts',
  'src/pipeline/apply.ts',
  'src/http/listen.ts',
  'src/operator.ts',
  'src/sandbox/demo.ts',
  'src/cli/headwind.ts',
];

function check(path: string, ...lines: readonly string[]): readonly string[] {
  const files = new Map(EXISTING.map((existing) => [existing, '']));
  return checkFloors(files.set(path, lines.join('\n')));
}

describe('checkFloors', () => {
  it.each([
    ['downward', 'src/pipeline/x.ts', '../kubernetes/client.ts'],
    ['within a room', 'src/pipeline/x.ts', './apply.ts'],
    ['from core, on its own floor', 'src/config/x.ts', '../core/policy.ts'],
    ['from everywhere in the composition root', 'src/operator.ts', './http/listen.ts'],
    ['of packages', 'src/pipeline/x.ts', 'zod'],
  ])('lets imports be that go %s', (_name, path, specifier) => {
    expect(check(path, `import { x } from '${specifier}';`)).toEqual([]);
  });

  it.each([
    ['upward', 'src/kubernetes/x.ts', '../pipeline/apply.ts', 'it is above (floor 3, this is floor 2)'],
    ['to a sibling', 'src/registry/x.ts', '../kubernetes/client.ts', 'siblings on floor 2'],
    ['from core to its siblings', 'src/core/x.ts', '../telemetry/log.ts', 'siblings on floor 1'],
    ['between siblings of core', 'src/config/x.ts', '../telemetry/log.ts', 'siblings on floor 1'],
    ['out of src', 'src/http/x.ts', '../../test/parts/child.ts', 'outside src'],
    ['to nothing', 'src/http/x.ts', './gone.ts', 'no such file'],
    ['to Node from core', 'src/core/x.ts', 'node:fs', 'core is pure'],
  ])('reports imports that go %s', (_name, path, specifier, why) => {
    const violations = check(path, `import { x } from '${specifier}';`);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(path);
    expect(violations[0]).toContain(why);
  });

  it('reports a room that is on no floor', () => {
    expect(check('src/utils/x.ts')).toEqual(['src/utils/x.ts: "utils" is on no floor; see tools/floors.ts']);
  });

  it('reports a cycle with its members', () => {
    const files = new Map([
      ['src/core/a.ts', "import { b } from './b.ts';"],
      ['src/core/b.ts', "import type { c } from './c.ts';"],
      ['src/core/c.ts', "export { a } from './a.ts';"],
    ]);
    expect(checkFloors(files)).toEqual([
      'import cycle: src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts',
    ]);
  });

  it('leaves tests alone', () => {
    expect(check('src/core/x.test.ts', "import { x } from '../../test/parts/child.ts';")).toEqual([]);
  });
});

describe('importsOf', () => {
  it.each([
    ["import { a,\n  b } from './x.ts';"],
    ["import type { A } from './x.ts';"],
    ["export { a } from './x.ts';"],
    ["export * from './x.ts';"],
    ["import './x.ts';"],
    ["const { a } = await import('./x.ts');"],
    ["const a = 1;\n  import a from './x.ts'"],
  ])('finds %j', (text) => {
    expect(importsOf(text)).toEqual(['./x.ts']);
  });

  it('is not led astray by texts', () => {
    expect(
      importsOf("const text = 'import from ./x.ts';\n// import of './y.ts'\nexport const z = 'from';"),
    ).toEqual([]);
  });
});
