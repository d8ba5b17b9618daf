import { describe, expect, it } from 'vitest';
import { checkLinks } from '../../tools/links/check.ts';
import { readPage } from '../../tools/links/markdown.ts';
import { toSlug, toSlugs } from '../../tools/links/slug.ts';

/** What is wrong with the links of `docs/page.md` beside a few other files. */
function check(text: string): readonly string[] {
  const pages = new Map([
    ['docs/page.md', text],
    ['docs/other.md', '# Other\n\n## What it does\n'],
    ['README.md', '# Headwind\n\n## `GET /api/v1/updates`\n'],
  ]);
  const files = new Set([...pages.keys(), 'docs/images/a.png', 'deploy/k8s', 'docs']);
  return checkLinks({ pages, exists: (path) => files.has(path.replace(/\/$/, '')) });
}

describe('checkLinks', () => {
  it.each([
    ['a page beside it', '[a](other.md)'],
    ['a heading of another page', '[a](other.md#what-it-does)'],
    ['a heading of its own', '# Own one\n[a](#own-one)'],
    ['a heading made of code', '[a](../README.md#get-apiv1updates)'],
    ['a directory', '[a](../deploy/k8s)'],
    ['a picture', '![a](images/a.png)'],
    ['a picture that is a link', '[![a](images/a.png)](other.md)'],
    ['a link with a title', '[a](other.md "Other")'],
    ['an address elsewhere', '[a](https://example.com/a_(b)#c)'],
    ['an address on this machine', '[a](http://localhost:8081/)'],
    ['a mail address', '[a](mailto:ann@example.com)'],
    ['a reference', '[a][other]\n\n[other]: other.md'],
    ['an anchor in HTML', '<a id="here"></a>\n[a](#here)'],
    ['what only looks like a link, in code', '`[a](gone.md)` and ``[b](gone.md) ` ``'],
    ['what only looks like a link, in a block of code', '```md\n[a](gone.md)\n# no heading\n```'],
    ['what only looks like a link, in a comment', '<!--\n[a](gone.md)\n-->'],
  ])('takes %s', (_name, text) => {
    expect(check(text)).toEqual([]);
  });

  it.each([
    ['a missing page', '[a](gone.md)', 'gone.md: there is no such file'],
    ['a missing heading', '[a](other.md#gone)', 'other.md#gone: docs/other.md has no such heading'],
    ['a missing heading of its own', '[a](#gone)', '#gone: the page has no such heading'],
    ['a heading that stands in code', '```\n# Gone\n```\n[a](#gone)', '#gone: the page has no such heading'],
    ['a missing picture', '![a](images/b.png)', 'images/b.png: there is no such file'],
    [
      'a missing picture that is a link',
      '[![a](images/b.png)](other.md)',
      'images/b.png: there is no such file',
    ],
    ['a missing target in HTML', '<img src="images/b.png">', 'images/b.png: there is no such file'],
    ['a way out of the project', '[a](../../x.md)', '../../x.md: it leaves the project'],
    [
      'an absolute path',
      '[a](/docs/other.md)',
      '/docs/other.md: it is absolute; a path from this page was expected',
    ],
    ['nothing', '[a]()', ': it leads nowhere'],
    ['no address', '[a](https://)', 'https://: it is no address'],
    ['an address without TLS', '[a](http://example.com)', 'http://example.com: https: was expected'],
    [
      'an address that is not public',
      '[a](https://intranet/x)',
      'https://intranet/x: intranet is no host that everybody reaches',
    ],
    [
      'a scheme of something else',
      '[a](file:///etc/passwd)',
      'file:///etc/passwd: file: is not followed by browsers',
    ],
  ])('refuses %s', (_name, text, message) => {
    expect(check(text)).toHaveLength(1);
    expect(check(text)[0]).toContain(message);
  });

  it('says where it stands', () => {
    expect(check('---\ntitle: x\n---\n\n[a](gone.md)')).toEqual([
      'docs/page.md:5 gone.md: there is no such file',
    ]);
  });
});

describe('toSlug', () => {
  it.each([
    ['Why does it not move?', 'why-does-it-not-move'],
    ['GET /api/v1/updates/{namespace}', 'get-apiv1updatesnamespace'],
    ['HW_BAD_JSON', 'hw_bad_json'],
    ['up-to-date', 'up-to-date'],
    ['Über uns & mehr', 'über-uns--mehr'],
  ])('makes of %s what GitHub makes of it', (heading, slug) => {
    expect(toSlug(heading)).toBe(slug);
  });

  it('counts headings of the same text', () => {
    expect(toSlugs(['A', 'B', 'A', 'a'])).toEqual(['a', 'b', 'a-1', 'a-2']);
  });

  it('reads headings as they are shown', () => {
    expect([...readPage('# **Bold** `code` and [a link](x.md) ##').anchors]).toEqual([
      'bold-code-and-a-link',
    ]);
  });
});
