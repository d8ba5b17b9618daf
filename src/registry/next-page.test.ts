import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextPage } from './next-page.ts';

const BASE = 'https://reg.example.com/v2/virtual/app/';

function next(
  header: string | null,
  more: { from?: string; base?: string; pageSize?: number | undefined } = {},
) {
  const { base = BASE, from = `${base}tags/list?n=1000` } = more;
  const pageSize = 'pageSize' in more ? more.pageSize : 1000;
  return nextPage({ header, from: new URL(from), base: new URL(base), pageSize });
}

describe('a Link header', () => {
  it.each([
    ['relative', '</v2/virtual/app/tags/list?last=b&n=100>; rel="next"', 'last=b&n=100'],
    ['relative to the page', '<list?last=b&n=9>; rel="next"', 'last=b&n=9'],
    ['a query alone', '<?last=b&n=9>; rel="next"', 'last=b&n=9'],
    ['absolute', '<https://reg.example.com/v2/virtual/app/tags/list?n=5&last=b>; rel="next"', 'n=5&last=b'],
    [
      'with its port',
      '<https://reg.example.com:443/v2/virtual/app/tags/list?n=5&last=b>; rel="next"',
      'n=5&last=b',
    ],
    [
      'with http before a proxy that ends TLS',
      '<http://reg.example.com/v2/virtual/app/tags/list?last=b>; rel="next"',
      'last=b&n=1000',
    ],
    ['with a path that is encoded', '</v2/virtual%2Fapp/tags/list?n=5&last=b>; rel=next', 'n=5&last=b'],
    ['with a slash at the end', '</v2/virtual/app/tags/list/?n=5&last=b>; rel=next', 'n=5&last=b'],
    ['without quotes', '</v2/virtual/app/tags/list?n=5&last=b>;rel=next', 'n=5&last=b'],
    ['in capitals', '</v2/virtual/app/tags/list?n=5&last=b>; REL="Next"', 'n=5&last=b'],
    ['with several relations', '</v2/virtual/app/tags/list?n=5&last=b>; rel="section next"', 'n=5&last=b'],
    [
      'with more parameters',
      '</v2/virtual/app/tags/list?n=5&last=b>; title="a, <b>; rel=\\"prev\\""; rel="next"',
      'n=5&last=b',
    ],
    [
      'after another link',
      '</v2/virtual/app/tags/list?n=5>; rel="first", </v2/virtual/app/tags/list?n=5&last=b>; rel="next"',
      'n=5&last=b',
    ],
    [
      'with a mark of the registry’s own',
      '</v2/virtual/app/tags/list?next_page=gAAA%3D&n=50>; rel="next"',
      'next_page=gAAA%3D&n=50',
    ],
    [
      'with base64 in it',
      '</v2/virtual/app/tags/list?n=5&last=a%2Bb%2F%3D>; rel="next"',
      'n=5&last=a%2Bb%2F%3D',
    ],
    [
      'that lost the repository’s prefix',
      '</v2/app/tags/list?last=b&n=100&x=y>; rel="next"',
      'last=b&n=1000',
    ],
    ['with n=0', '</v2/virtual/app/tags/list?last=b&n=0>; rel="next"', 'last=b&n=1000'],
    ['without n', '</v2/virtual/app/tags/list?last=b>; rel="next"', 'last=b&n=1000'],
  ])('%s is followed at the repository’s own address', (_, header, query) => {
    expect(next(header)).toEqual({ ok: true, value: `tags/list?${query}` });
  });

  it('adds no n where none was asked for', () => {
    const header = '</v2/virtual/app/tags/list?last=b&n=0>; rel="next"';

    expect(next(header, { pageSize: undefined })).toEqual({ ok: true, value: 'tags/list?last=b' });
  });

  it('is relative to where the page came from, but not followed there', () => {
    const from = 'https://elsewhere.example.com/v2/k8s/app/tags/list';

    expect(next('</v2/k8s/app/tags/list?last=b>; rel="next"', { from })).toEqual({
      ok: true,
      value: 'tags/list?last=b&n=1000',
    });
  });

  it.each([
    ['absent', null],
    ['empty', ''],
    ['for another relation', '</v2/virtual/app/tags/list?last=a>; rel="prev"'],
    ['without a relation', '</v2/virtual/app/tags/list?last=a>'],
    ['whose first relation is another', '</v2/virtual/app/tags/list?last=a>; rel="prev"; rel="next"'],
    ['whose relation is a longer word', '</v2/virtual/app/tags/list?last=a>; rel="nextish"'],
    ['that is none', 'next'],
  ])('%s names no next page', (_, header) => {
    expect(next(header)).toEqual({ ok: true, value: undefined });
  });

  it.each([
    ['another host', '<https://evil.example.com/v2/virtual/app/tags/list?last=b>; rel="next"'],
    ['another host without a scheme', '<//evil.example.com/v2/virtual/app/tags/list?last=b>; rel="next"'],
    ['another port', '<https://reg.example.com:8443/v2/virtual/app/tags/list?last=b>; rel="next"'],
    [
      'plain HTTP on a port of its own',
      '<http://reg.example.com:8080/v2/virtual/app/tags/list?last=b>; rel="next"',
    ],
    ['another scheme', '<file:///etc/passwd?last=b>; rel="next"'],
    ['another repository without a mark', '</v2/other/tags/list?n=5>; rel="next"'],
    ['no address', '<https://[>; rel="next"'],
  ])('to %s is not followed', (_, header) => {
    expect(next(header)).toMatchObject({ ok: false });
  });

  it('from plain HTTP to TLS is not followed: a registry that is asked by plain HTTP has no other address', () => {
    const base = 'http://reg.example.com:5000/v2/app/';

    expect(
      next('<https://reg.example.com:5000/v2/app/tags/list?last=b>; rel="next"', { base }),
    ).toMatchObject({
      ok: false,
    });
  });

  it('of any content never leads anywhere but to the list itself', () => {
    const part = fc.constantFrom(
      '<',
      '>',
      ';',
      ',',
      '"',
      'rel=next',
      'rel="next"',
      '/v2/',
      '..',
      '?last=b',
      '//h',
      ' ',
      '\\',
    );
    const headers = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(headers, (header) => {
        const found = next(header);
        if (!found.ok || found.value === undefined) return;
        const url = new URL(found.value, BASE);
        expect(`${url.origin}${url.pathname}`).toBe(`${BASE}tags/list`);
      }),
    );
  });

  it('of hostile length is read in linear time', () => {
    for (const hostile of ['<', '<>;', '<>; rel=', '<>; a="\\', ' ,', '<>; rel="next\\"']) {
      // A quadratic reader would take longer over these than a test may.
      expect(() => next(hostile.repeat(1_000_000 / hostile.length))).not.toThrow();
    }
  });
});
