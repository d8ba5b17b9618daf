import { describe, expect, it } from 'vitest';
import { auditDependencies, isAllowed, PackageLock, shippedPackages } from '../../tools/dependencies.ts';

const GOOD = { version: '1.2.3', license: 'MIT', integrity: 'sha512-x' };

function audit(
  packages: Readonly<Record<string, object>>,
  more: { bundled?: readonly string[]; installed?: string; allowedTwice?: Record<string, string> } = {},
): readonly string[] {
  const { bundled = [], installed, allowedTwice = {} } = more;
  const lock = PackageLock.parse({ lockfileVersion: 3, packages });
  return auditDependencies({ lock, bundled, installedLicense: () => installed, allowedTwice });
}

describe('a package that is shipped', () => {
  it.each<[string, object, readonly string[]]>([
    ['is right', {}, []],
    [
      'has a licence that is not allowed',
      { license: 'GPL-3.0-only' },
      ['a@1.2.3: its licence GPL-3.0-only is not allowed'],
    ],
    ['has no licence', { license: undefined }, ['a@1.2.3: has no licence']],
    ['runs a script', { hasInstallScript: true }, ['a@1.2.3: runs a script when it is installed']],
    ['has no checksum', { integrity: undefined }, ['a@1.2.3: has no checksum']],
    ['is a directory', { link: true }, ['a@1.2.3: has no checksum']],
    [
      'has an address',
      { resolved: 'https://x.example/a.tgz' },
      ['a@1.2.3: names an address it is downloaded from'],
    ],
  ])('%s', (_, change, violations) => {
    expect(audit({ 'node_modules/a': { ...GOOD, ...change } })).toEqual(violations);
  });

  it('says of its licence what the lock says', () => {
    expect(audit({ 'node_modules/a': GOOD }, { installed: 'MIT' })).toEqual([]);
    expect(audit({ 'node_modules/a': GOOD }, { installed: 'SSPL-1.0' })).toEqual([
      'a@1.2.3: package-lock.json says MIT, the package itself SSPL-1.0',
    ]);
  });

  it('is asked for in one version', () => {
    expect(audit({ '': { dependencies: { a: '^1.2.3', b: '1.2.3', c: 'latest' } } })).toEqual([
      'a: package.json asks for ^1.2.3, which is not one version',
      'c: package.json asks for latest, which is not one version',
    ]);
  });
});

describe('which packages are shipped', () => {
  const lock = PackageLock.parse({
    lockfileVersion: 3,
    packages: {
      '': {},
      'node_modules/server': GOOD,
      'node_modules/tool': { ...GOOD, dev: true, license: 'GPL-3.0-only', dependencies: { shared: '1' } },
      'node_modules/page': { ...GOOD, dev: true, dependencies: { '@scope/part': '1', shared: '2' } },
      'node_modules/@scope/part': { ...GOOD, dev: true, dependencies: { shared: '1', page: '1' } },
      'node_modules/page/node_modules/shared': {
        ...GOOD,
        dev: true,
        version: '2.0.0',
        dependencies: { deep: '1' },
      },
      'node_modules/deep': { ...GOOD, dev: true },
      'node_modules/shared': { ...GOOD, dev: true },
    },
  });

  it('are those of production', () => {
    expect(shippedPackages({ lock, bundled: [] })).toEqual(['node_modules/server']);
  });

  it('are those that the dashboard is made of too, with what they need, from where they find it', () => {
    expect(shippedPackages({ lock, bundled: ['page'] })).toEqual([
      'node_modules/@scope/part',
      'node_modules/deep',
      'node_modules/page',
      'node_modules/page/node_modules/shared',
      'node_modules/server',
      'node_modules/shared',
    ]);
  });

  it('cannot be told where the lock does not know one', () => {
    expect(() => shippedPackages({ lock, bundled: ['nothing'] })).toThrow('nothing is bundled');
  });
});

describe('several versions of a package', () => {
  const twice = (other: string): Readonly<Record<string, object>> => ({
    'node_modules/a': { ...GOOD, version: '1.2.3' },
    'node_modules/b/node_modules/a': { ...GOOD, version: other },
  });

  it.each([
    ['1.9.0', []],
    ['2.0.0', ['a: is shipped in several major versions: 1, 2']],
    ['0.1.0', ['a: is shipped in several major versions: 1, 0.1']],
  ])('beside 1.2.3 also %s', (other, violations) => {
    expect(audit(twice(other))).toEqual(violations);
  });

  it('are let be where there is a reason, for as long as there are several', () => {
    const allowedTwice = { a: 'b has not moved on' };
    expect(audit(twice('2.0.0'), { allowedTwice })).toEqual([]);
    expect(audit(twice('1.0.0'), { allowedTwice })).toEqual([
      'a: is shipped once; take it off the list in tools/dependencies.ts',
    ]);
  });
});

describe('a licence', () => {
  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['Apache-2.0 AND MIT', true],
    ['MIT AND GPL-3.0-only', false],
    ['((MIT OR X) AND Y)', false],
    ['SEE LICENSE IN LICENSE.md', false],
    ['UNLICENSED', false],
    ['mit', false],
    ['', false],
  ])('%j is allowed: %j', (expression, allowed) => {
    expect(isAllowed(expression)).toBe(allowed);
  });
});
