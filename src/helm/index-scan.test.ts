import fc from 'fast-check';
import { dump } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import type { IndexedCharts } from './index-entries.ts';
import { createIndexScan } from './index-scan.ts';
import { NoIndex, Uncertain } from './index-trouble.ts';
import { readWholeIndex } from './whole-index.ts';

/** Scans `text` in pieces of `size` characters. */
function scan(text: string, wanted: readonly string[], size = 7): IndexedCharts {
  const reader = createIndexScan(new Set(wanted));
  for (let at = 0; at < text.length; at += size) reader.push(text.slice(at, at + size));
  return reader.end();
}

/** The versions that a scan finds, or why it finds none. */
function outcome(text: string, wanted: readonly string[] = ['podinfo']): unknown {
  // A few bytes at a time find what breaks at the seams; of much text that is many seams and takes seconds.
  const size = text.length > 10_000 ? 4096 : 7;
  try {
    return Object.fromEntries(
      Array.from(scan(text, wanted, size), ([chart, { versions, skipped }]) => [
        chart,
        [...versions.map(({ version }) => version), ...(skipped > 0 ? [`${skipped} skipped`] : [])].join(' '),
      ]),
    );
  } catch (error) {
    if (error instanceof Uncertain || error instanceof NoIndex) return `${error.name}: ${error.message}`;
    throw error;
  }
}

const HELM = `apiVersion: v1
entries:
  alpine:
  - created: "2016-10-06T16:23:20.499814565-06:00"
    description: |
      Deploy a basic Alpine Linux pod

        podinfo:
        - version: 66.6.6
    version: 0.2.0
  podinfo:
  - apiVersion: v1
    appVersion: 6.5.0
    created: "2023-09-15T08:19:14.6Z"
    digest: 5dd4b7a9ffe1fcd8de9d1c6a4f1b44fd0e3d8a7d1c1b6b4b0d8b6a2b1f0c9e8d
    urls:
    - https://example.test/podinfo-6.5.0.tgz
    version: 6.5.0
  - version: 6.4.0
    deprecated: true
  - version: "6.3.0+build.1"
  zookeeper:
  - version: 1.0.0
generated: "2016-10-06T16:23:20.499029981-06:00"
`;

describe('an index as Helm writes it', () => {
  it('gives the versions of the wanted charts, with their digests', () => {
    expect(scan(HELM, ['podinfo', 'nobody']).get('podinfo')).toEqual({
      versions: [
        {
          version: '6.5.0',
          digest: 'sha256:5dd4b7a9ffe1fcd8de9d1c6a4f1b44fd0e3d8a7d1c1b6b4b0d8b6a2b1f0c9e8d',
        },
        { version: '6.3.0+build.1' },
      ],
      skipped: 0,
    });
    expect([...scan(HELM, ['podinfo', 'nobody']).keys()]).toEqual(['podinfo']);
  });

  it.each([
    ['with the line ends of Windows', HELM.replaceAll('\n', '\r\n')],
    ['without its last line end', HELM.trimEnd()],
    [
      'with a document marker and comments',
      `# made by hand\n---\n${HELM.replace('entries:', 'entries: # all')}`,
    ],
    ['with lists that are indented more', HELM.replace(/^ {2}(?=[- ] )/gm, '    ')],
    ['with all indented more', HELM.replace(/^ +/gm, '$&$&').replaceAll('- ', '-   ')],
    [
      'with names in quotes',
      HELM.replace('podinfo:\n  - api', '"podinfo":\n  - api').replace('entries', "'entries'"),
    ],
    [
      'with entries last',
      HELM.replace(/^(generated.*\n)/m, '').replace('apiVersion: v1', 'generated: "x"\napiVersion: v1'),
    ],
    ['with blank lines and comments between', HELM.replaceAll('\n  -', '\n\n   # podinfo:\n  -')],
    ['in one piece', HELM],
  ])('%s', (_, text) => {
    const found = scan(text, ['podinfo', 'alpine'], 100_000);
    expect(found.get('podinfo')?.versions.map(({ version }) => version)).toEqual(['6.5.0', '6.3.0+build.1']);
    expect(found.get('alpine')?.versions).toEqual([{ version: '0.2.0' }]);
    for (const size of [1, 3, 64]) expect(scan(text, ['podinfo', 'alpine'], size)).toEqual(found);
  });
});

describe('an entry that is of no use', () => {
  it.each([
    ['without a version', '- name: podinfo', '6.0.0 1 skipped'],
    ['whose version is none', '- version: banana', '6.0.0 1 skipped'],
    ['that is no object', '- 6.5.0', '6.0.0 1 skipped'],
    ['that is broken', '- version: "6.5.0', '6.0.0 1 skipped'],
    ['that says something twice', '- version: 6.5.0\n    version: 6.6.0', '6.0.0 1 skipped'],
    ['of enormous length', `- version: 6.5.0\n    description: ${'x'.repeat(300_000)}`, '6.0.0 1 skipped'],
    ['that is deprecated', '- version: 6.5.0\n    deprecated: true', '6.0.0'],
    ['that is not deprecated', '- version: 6.5.0\n    deprecated: false', '6.5.0 6.0.0'],
    ['whose version looks like a number keeps it as written', '- version: 6.10', '6.10 6.0.0'],
  ])('%s costs no other', (_, entry, expected) => {
    const text = `apiVersion: v1\nentries:\n  podinfo:\n  ${entry}\n  - version: 6.0.0\n`;
    expect(outcome(text)).toEqual({ podinfo: expected });
  });
});

describe('what the scan cannot tell for certain', () => {
  it.each([
    ['charts in flow style', 'apiVersion: v1\nentries: {podinfo: [{version: 1.0.0}]}'],
    ['a chart in flow style', 'entries:\n  podinfo: [{version: 1.0.0}]'],
    ['a flow that is no JSON', '{apiVersion: v1, entries: {podinfo: [{version: 1.0.0}]}}'],
    ['an alias in place of a chart', 'entries:\n  a: &a\n  - version: 1.0.0\n  podinfo: *a'],
    ['an alias within a chart', 'x: &v {version: 1.0.0}\nentries:\n  podinfo:\n  - <<: *v'],
    ['a chart twice', 'entries:\n  podinfo:\n  - version: 1.0.0\n  podinfo:\n  - version: 2.0.0'],
    ['a name with escapes', 'entries:\n  "pod\\x69nfo":\n  - version: 1.0.0'],
    ['an explicit key', '? entries\n: podinfo:\n  - version: 1.0.0'],
    ['a directive', '%YAML 1.2\n---\nentries:\n  podinfo:\n  - version: 1.0.0'],
    ['two documents', 'entries:\n  podinfo:\n  - version: 1.0.0\n---\nentries: {}'],
    ['two markers', '---\n---\nentries:\n  podinfo:\n  - version: 1.0.0'],
    ['line ends of old', 'entries:\r  podinfo:\r  - version: 1.0.0\r'],
    ['a tab', 'entries:\n\tpodinfo:\n\t- version: 1.0.0'],
    ['JSON in which a chart stands twice', '{"entries":{"podinfo":[],"podinfo":[{"version":"1.0.0"}]}}'],
    ['JSON that breaks off', '{"entries":{"podinfo":[{"version":"1.0.0"}]'],
    ['JSON with something behind it', '{"entries":{"podinfo":[]}} x'],
  ])('%s', (_, text) => {
    expect(outcome(text)).toMatch(/^Uncertain: /);
  });

  it.each([
    ['a page', '<!doctype html><title>Sign in</title>', 'NoIndex: a page and no index'],
    ['nothing', '  \n ', 'NoIndex: nothing at all'],
  ])('is no index at all: %s', (_, text, expected) => {
    expect(outcome(text)).toBe(expected);
  });
});

describe('an index that is JSON', () => {
  const entry = {
    version: '1.0.0',
    description: 'a } ] " \\ \u2028 , {',
    urls: ['x'],
    maintainers: [{ a: {} }],
  };
  const index = {
    serverInfo: { entries: { podinfo: [{ version: '9.9.9' }] }, list: [[1], 'x', null] },
    apiVersion: 'v1',
    entries: {
      other: [{ version: '3.0.0' }, 7],
      podinfo: [
        entry,
        { version: 2 },
        null,
        [],
        { version: '0.9.0', deprecated: true },
        'x',
        { version: '0.8.0' },
      ],
      'a"b': [{ version: '4.0.0' }],
      empty: [],
    },
    generated: 'now',
  };
  it.each([
    ['in one line', JSON.stringify(index)],
    ['indented', JSON.stringify(index, undefined, 2)],
  ])('%s gives the versions of the wanted charts', (_, text) => {
    for (const size of [1, 2, 5, 64, 100_000])
      expect([...scan(text, ['podinfo', 'a"b', 'empty', 'nobody'], size)]).toEqual([
        ['podinfo', { versions: [{ version: '1.0.0' }, { version: '0.8.0' }], skipped: 4 }],
        ['a"b', { versions: [{ version: '4.0.0' }], skipped: 0 }],
        ['empty', { versions: [], skipped: 0 }],
      ]);
  });
});

describe('the whole index', () => {
  it.each([
    [
      'in flow style',
      '{apiVersion: v1, entries: {podinfo: [{version: 1.0.0}, {version: x}]}}',
      '1.0.0 1 skipped',
    ],
    ['with aliases', 'x: &v {version: 1.10}\nentries:\n  podinfo:\n  - <<: *v\n    name: x', '1.10'],
    ['without a list', 'entries:\n  podinfo: 1', ' 1 skipped'],
    ['with nothing', 'entries:\n  podinfo:', ''],
    ['with a broken entry', 'entries:\n  podinfo:\n  - version: *no\n  - version: 1.0.0', '1.0.0 1 skipped'],
  ])('%s', (_, text, expected) => {
    const { versions = [], skipped = 0 } = readWholeIndex(text, new Set(['podinfo'])).get('podinfo') ?? {};
    const told =
      versions.map(({ version }) => version).join(' ') + (skipped > 0 ? ` ${skipped} skipped` : '');
    expect(told).toBe(expected);
  });

  it.each([
    ['broken', 'entries: {podinfo: [', /^an index that is no valid YAML \(/],
    ['another document', 'kind: Deployment', /^something that is no chart index$/],
    ['a word', 'hello', /^something that is no chart index$/],
  ])('that is %s is none', (_, text, expected) => {
    expect(() => readWholeIndex(text, new Set(['podinfo']))).toThrow(expected);
  });
});

const chartName = fc.oneof(
  fc.constantFrom(
    'podinfo',
    'nginx',
    'entries',
    'version',
    'true',
    'null',
    '1.0',
    'a-b_c.d',
    'X',
    '- x',
    '"q"',
  ),
  fc.string({ minLength: 1, maxLength: 8 }),
);
const trickyText = fc.oneof(
  fc.string({ maxLength: 30, unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        'podinfo:',
        '  podinfo:',
        '  - version: 9.9.9',
        'entries:',
        '',
        '# no comment',
        '---',
        '"quoted"',
        "it's",
        '{',
        ']',
        '|',
        '\tx',
        '*bold*',
        '   deep',
      ),
      { maxLength: 6 },
    )
    .map((lines) => lines.join('\n')),
);
const version = fc.oneof(
  fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)).map((parts) => parts.join('.')),
  fc.constantFrom(
    '1.2.3+build',
    '1.2.3-rc.1',
    '2024.01.01',
    '1.10',
    'banana',
    '0x1F',
    '1e3',
    '~',
    'null',
    '',
  ),
);
const indexEntry = fc.record(
  {
    version,
    digest: fc.constantFrom('a'.repeat(64), `sha256:${'b'.repeat(64)}`, 'none'),
    deprecated: fc.boolean(),
    description: trickyText,
    annotations: fc.dictionary(fc.string({ maxLength: 5 }), trickyText, { maxKeys: 2 }),
    urls: fc.array(trickyText, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const indexDocument = fc
  .record({
    entries: fc.dictionary(chartName, fc.array(fc.oneof(indexEntry, trickyText), { maxLength: 3 }), {
      maxKeys: 5,
    }),
    serverInfo: fc.option(fc.dictionary(fc.string({ maxLength: 5 }), trickyText, { maxKeys: 2 }), {
      nil: undefined,
    }),
    entriesFirst: fc.boolean(),
  })
  .map(({ entries, serverInfo, entriesFirst }) => {
    const others = {
      apiVersion: 'v1',
      generated: 'now',
      ...(serverInfo === undefined ? {} : { serverInfo }),
    };
    return entriesFirst ? { entries, ...others } : { ...others, entries };
  });
const style = fc.record({
  indent: fc.constantFrom(1, 2, 3, 4),
  seqNoIndent: fc.boolean(),
  flowLevel: fc.constantFrom(-1, -1, -1, 0, 1, 2, 3, 4),
  noRefs: fc.boolean(),
  quoteStyle: fc.constantFrom('single', 'double'),
  forceQuotes: fc.boolean(),
  lineWidth: fc.constantFrom(20, 80, -1),
  sortKeys: fc.boolean(),
});

describe('the scan and the real parser', () => {
  /** Either the scan gives up, or both say the same; the answer is whether it gave up. */
  function compare(text: string, wanted: readonly string[], size: number): boolean {
    let scanned;
    try {
      scanned = scan(text, wanted, size);
    } catch (error) {
      if (error instanceof Uncertain) return true;
      throw error;
    }
    const whole = readWholeIndex(text, new Set(wanted));
    expect(Object.fromEntries(scanned)).toEqual(Object.fromEntries(whole));
    return false;
  }

  it('never disagree, in whatever style the index is written', () => {
    let certain = 0;
    fc.assert(
      fc.property(
        indexDocument,
        style,
        fc.boolean(),
        fc.integer({ min: 1, max: 60 }),
        (index, as, crlf, size) => {
          const text = dump(index, as);
          const wanted = ['podinfo', 'nginx', ...Object.keys(index.entries).slice(0, 2)];
          if (!compare(crlf ? text.replaceAll('\n', '\r\n') : text, wanted, size)) certain += 1;
        },
      ),
      { numRuns: 1000 },
    );
    expect(certain).toBeGreaterThan(300);
  });

  it('never disagree about JSON, which the scan always can tell', () => {
    fc.assert(
      fc.property(
        indexDocument,
        fc.constantFrom(0, 1, 2),
        fc.integer({ min: 1, max: 60 }),
        (index, space, size) => {
          const wanted = new Set(['podinfo', 'nginx', ...Object.keys(index.entries).slice(0, 2)]);
          const text = JSON.stringify(index, undefined, space);
          expect(Object.fromEntries(scan(text, [...wanted], size))).toEqual(
            Object.fromEntries(readWholeIndex(text, wanted)),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('never disagree after something was changed somewhere, unless the whole is broken', () => {
    fc.assert(
      fc.property(
        indexDocument,
        style,
        fc.nat(),
        fc.oneof(
          trickyText,
          fc.constantFrom('\n', ' ', '\n  ', '"', "'", '{', '\t', '\r', '&a ', '*a', '!!str ', '? '),
        ),
        (index, as, place, inserted) => {
          const text = dump(index, as);
          const at = place % (text.length + 1);
          const changed = text.slice(0, at) + inserted + text.slice(at);
          const wanted = new Set(['podinfo', 'nginx', ...Object.keys(index.entries).slice(0, 2)]);
          let whole;
          try {
            whole = readWholeIndex(changed, wanted);
          } catch {
            return;
          }
          try {
            expect(Object.fromEntries(scan(changed, [...wanted], 50))).toEqual(Object.fromEntries(whole));
          } catch (error) {
            if (!(error instanceof Uncertain)) throw error;
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
