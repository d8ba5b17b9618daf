import { glob, readFile } from 'node:fs/promises';
import { sep } from 'node:path';

const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/**/*.md', 'charts/*/README.md'];

/** All documents for people, by their path from the project's root. */
export async function readDocuments(root: string): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>();
  for await (const path of glob(DOCUMENTS, { cwd: root }))
    pages.set(path.replaceAll(sep, '/'), await readFile(`${root}/${path}`, 'utf8'));
  return new Map([...pages].sort(([a], [b]) => a.localeCompare(b, 'en')));
}
