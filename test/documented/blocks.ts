import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What a document shows: commands, data or just text. */
export interface Block {
  /** Path from the root of the repository. */
  readonly file: string;
  /** Of its first line of content, from 1. */
  readonly line: number;
  /** The first word behind the fence; empty for none. */
  readonly language: string;
  /** What else stands behind the fence. */
  readonly marks: readonly string[];
  readonly text: string;
}

/** How commands are dealt with, by what stands behind `sh`. */
export const SHELL_MARKS = ['', 'needs-cluster', 'needs-internet'] as const;

/** Languages of data that is read by a parser, and of text that is for people alone. */
export const DATA_LANGUAGES = ['yaml', 'json', 'python', 'zsh', 'fish'] as const;
export const PLAIN_LANGUAGES = ['text', 'toml', 'ruby', 'promql', 'http', 'ini', 'dockerfile'] as const;

const FENCE = /^( *)(`{3,}|~{3,})\s*(.*)$/;
/** What a line of commands begins with, where no fence says that it is one. */
const COMMAND =
  /^(?:\$ |sudo |[A-Z_]+=\S* )?(?:bin\/)?(?:kubectl|headwind|helm|curl|wget|make|docker|podman|cosign|npm|npx|node|git|kustomize|gcloud|source) /;

/** All documents that people read, by their path from the root of the repository. */
export function documents(): readonly string[] {
  const below = (directory: string, accepts: (name: string) => boolean): string[] => {
    try {
      return readdirSync(`${ROOT}${directory}`, { recursive: true, encoding: 'utf8' })
        .filter((name) => accepts(name) && !/(?:^|\/)(?:node_modules|\.vitepress)\//.test(name))
        .map((name) => `${directory}/${name}`);
    } catch {
      return [];
    }
  };
  return [
    'README.md',
    'CONTRIBUTING.md',
    ...below('docs', (name) => name.endsWith('.md')).toSorted(),
    ...below('charts', (name) => /^[^/]+\/README\.md$/.test(name)).toSorted(),
  ];
}

/** The blocks of all documents, in their order. */
export function allBlocks(): readonly Block[] {
  return documents().flatMap((file) => readBlocks(file, readFileSync(`${ROOT}${file}`, 'utf8')));
}

/** The fenced blocks of one document, without the indentation of their fence. Throws for a fence that is not closed. */
export function readBlocks(file: string, content: string): readonly Block[] {
  const blocks: Block[] = [];
  let open:
    | { readonly indent: number; readonly fence: string; readonly block: Omit<Block, 'text'> }
    | undefined;
  let lines: string[] = [];
  for (const [index, line] of content.split('\n').entries()) {
    const [, spaces = '', fence = '', info = ''] = FENCE.exec(line) ?? [];
    if (open !== undefined) {
      if (fence.startsWith(open.fence) && info === '') {
        blocks.push({ ...open.block, text: `${lines.join('\n')}\n` });
        open = undefined;
      } else lines.push(line.replace(new RegExp(`^ {0,${open.indent}}`), ''));
    } else if (fence !== '') {
      const [language = '', ...marks] = info.trim().split(/\s+/);
      open = { indent: spaces.length, fence, block: { file, line: index + 2, language, marks } };
      lines = [];
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.block.line - 1}: this block is not closed`);
  return blocks;
}

/** Lines of commands that stand in a block without a fence, which nothing can say of how they are tried. */
export function commandsWithoutFence(file: string, content: string): readonly string[] {
  let isFenced = false;
  return content.split('\n').flatMap((line, index) => {
    if (FENCE.test(line)) isFenced = !isFenced;
    const isCommand = !isFenced && line.startsWith('    ') && COMMAND.test(line.trim());
    return isCommand ? [`${file}:${index + 1}: ${line.trim()}`] : [];
  });
}
