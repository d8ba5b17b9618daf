import { posix } from 'node:path';
import { readPage, type Link, type Page } from './markdown.ts';

export interface Tree {
  /** Path from the project's root to text, of the pages that are checked. */
  readonly pages: ReadonlyMap<string, string>;
  /** Whether there is a file or a directory at that path. */
  exists(path: string): boolean;
}

/**
 * Checks the links of all pages: files and directories that are named exist, and so do headings. Of addresses elsewhere only the form is
 * looked at. The answer is one line for each that is wrong.
 */
export function checkLinks(tree: Tree): readonly string[] {
  const read = new Map([...tree.pages].map(([path, text]) => [path, readPage(text)]));
  return [...read].flatMap(([path, page]) =>
    page.links.flatMap((link) => {
      const problem = problemOf(link, path, { read, tree });
      return problem === undefined ? [] : [`${path}:${link.line} ${link.target}: ${problem}`];
    }),
  );
}

interface Surroundings {
  readonly read: ReadonlyMap<string, Page>;
  readonly tree: Tree;
}

function problemOf({ target }: Link, from: string, { read, tree }: Surroundings): string | undefined {
  if (target === '') return 'it leads nowhere';
  if (/^[a-z][a-z\d+.-]*:/i.test(target)) return problemOfAddress(target);
  if (target.startsWith('/')) return 'it is absolute; a path from this page was expected';
  const [file = '', anchor] = target.split('#', 2);
  const path = file === '' ? from : posix.join(posix.dirname(from), decode(file));
  if (path.startsWith('..')) return 'it leaves the project';
  if (!tree.exists(path)) return 'there is no such file';
  if (anchor === undefined) return undefined;
  const page = read.get(path);
  if (page === undefined) return 'headings of that file are not known';
  if (page.anchors.has(decode(anchor))) return undefined;
  return `${file === '' ? 'the page' : path} has no such heading`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function problemOfAddress(target: string): string | undefined {
  if (/^mailto:[^@\s]+@[^@\s]+$/.test(target)) return undefined;
  if (!URL.canParse(target)) return 'it is no address';
  const { protocol, hostname } = new URL(target);
  if (protocol !== 'https:' && protocol !== 'http:') return `${protocol} is not followed by browsers`;
  const isHere = hostname === 'localhost' || hostname.startsWith('127.');
  if (protocol === 'http:' && !isHere) return 'https: was expected';
  return isHere || hostname.includes('.') ? undefined : `${hostname} is no host that everybody reaches`;
}
