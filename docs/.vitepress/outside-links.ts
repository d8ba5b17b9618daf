import { posix } from 'node:path';
import type { MarkdownOptions } from 'vitepress';

type Markdown = Parameters<NonNullable<MarkdownOptions['config']>>[0];

/** Where a file of the project can be looked at that is no page of the site. */
const SOURCE = 'https://github.com/headwind-sh/headwind/blob/main';

/**
 * Lets links that leave `docs`, such as `../deploy/k8s`, lead to the source of the project: in the repository they are
 * relative, and the site has no such files.
 */
export function linkOutside(markdown: Markdown): void {
  markdown.core.ruler.push('link-outside', ({ tokens, env }) => {
    const page: unknown = env.relativePath;
    if (typeof page !== 'string') return;
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null;
      if (href !== null) token.attrSet('href', toSource(href, page));
    }
  });
}

function toSource(href: string, page: string): string {
  if (/^(?:[a-z][a-z\d+.-]*:|#|\/)/i.test(href)) return href;
  const path = posix.join('docs', posix.dirname(page), href);
  return path === 'docs' || path.startsWith('docs/') ? href : `${SOURCE}/${path}`;
}
