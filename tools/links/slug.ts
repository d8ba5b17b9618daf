/**
 * The anchor of a heading, made as GitHub makes it: lower case, spaces as hyphens, and of everything else only letters,
 * digits, hyphens and underscores. The site uses the same, so that one link works in both places.
 */
export function toSlug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** The anchors of a page's headings, in order: a second one of the same text ends in `-1`, a third in `-2`. */
export function toSlugs(headings: readonly string[]): readonly string[] {
  const taken = new Map<string, number>();
  return headings.map((heading) => {
    const slug = toSlug(heading);
    const before = taken.get(slug);
    taken.set(slug, (before ?? -1) + 1);
    return before === undefined ? slug : `${slug}-${before + 1}`;
  });
}
