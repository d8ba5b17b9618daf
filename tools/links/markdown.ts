import { toSlugs } from './slug.ts';

export interface Link {
  /** As written, without a title. */
  readonly target: string;
  /** From 1. */
  readonly line: number;
}

export interface Page {
  readonly links: readonly Link[];
  readonly anchors: ReadonlySet<string>;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$/;
const INLINE_LINK =
  /!?\[(?:[^[\]]|\[[^\]]*\])*\]\(\s*(?:<([^>]*)>|([^()\s]*(?:\([^()\s]*\)[^()\s]*)*))(?:\s+"[^"]*")?\s*\)/g;
/** The inner of two nested ones, such as a picture that is a link, which the pattern above sees as text. */
const INNER_IMAGE = /!\[[^\]]*\]\(([^()\s]+)\)/g;
const DEFINITION = /^ {0,3}\[[^\]^]+\]:\s*<?([^\s>]+)>?/;
const AUTOLINK = /<(https?:[^>\s]+)>/g;
const HTML_LINK = /<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)="([^"]+)"/g;
const HTML_ANCHOR = /<[a-z]+\b[^>]*?\b(?:id|name)="([^"]+)"/g;

/** The links of a Markdown page and the anchors that it offers. What stands in code is neither. */
export function readPage(text: string): Page {
  const headings: string[] = [];
  const anchors: string[] = [];
  const links: Link[] = [];
  for (const { content, line } of proseOf(text)) {
    const heading = HEADING.exec(content)?.[1];
    if (heading !== undefined) headings.push(toText(heading));
    const prose = content.replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, '');
    for (const target of targetsIn(prose)) links.push({ target, line });
    for (const [, anchor = ''] of prose.matchAll(HTML_ANCHOR)) anchors.push(anchor);
  }
  return { links, anchors: new Set([...toSlugs(headings), ...anchors]) };
}

/** The lines of a page outside fenced code, front matter and comments. */
function* proseOf(text: string): Iterable<{ readonly content: string; readonly line: number }> {
  const blank = (matched: string): string => matched.replaceAll(/[^\n]/g, '');
  const lines = text
    .replace(/^---\n[^]*?\n---\n/, blank)
    .replaceAll(/<!--[^]*?-->/g, blank)
    .split('\n');
  let fence: string | undefined;
  for (const [index, content] of lines.entries()) {
    const mark = FENCE.exec(content)?.[1];
    if (fence === undefined) {
      if (mark === undefined) yield { content, line: index + 1 };
      else fence = mark;
    } else if (mark?.startsWith(fence)) fence = undefined;
  }
}

function targetsIn(prose: string): readonly string[] {
  const inline = [...prose.matchAll(INLINE_LINK)].map(([, angled, bare]) => angled ?? bare ?? '');
  const others = [INNER_IMAGE, AUTOLINK, HTML_LINK].flatMap((pattern) =>
    [...prose.matchAll(pattern)].map(([, target = '']) => target),
  );
  const defined = DEFINITION.exec(prose)?.[1];
  return [...new Set([...inline, ...others, ...(defined === undefined ? [] : [defined])])];
}

/** A heading as it reads: without code marks, emphasis and the addresses of links. */
function toText(heading: string): string {
  return heading
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/`+/g, '')
    .replaceAll(/(\*{1,3})(\S(?:.*?\S)?)\1/g, '$2')
    .replaceAll(/<[^>]+>/g, '');
}
