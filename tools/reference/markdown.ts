/** The head line of a file that a tool writes: whoever opens it learns where the facts stand. */
export function generatedFrom(...sources: readonly string[]): string {
  return `<!-- Made by \`node tools/generate.ts\` from ${sources.join(', ')}; edit there. -->`;
}

/** A Markdown table. Bars in a cell would end it, so they are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map(
      (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`,
    )
    .join('\n');
}

/** `text` as code; nothing for nothing. */
export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

export function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** A page out of its parts, with an empty line between two; parts that are empty are left out. */
export function page(...parts: readonly string[]): string {
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** Text whose links are relative to `docs`, for a page elsewhere; `docs` is the way there, such as `..`. */
export function relink(text: string, docs: string): string {
  return text.replaceAll(/\]\((?!https:|#)/g, `](${docs}/`);
}
