/** What an expression of PromQL names. */
export interface Named {
  readonly metric: string;
  /** Labels that its selector matches. */
  readonly labels: readonly string[];
}

export interface Names {
  readonly metrics: readonly Named[];
  /** Labels that results are grouped or joined by. */
  readonly grouped: readonly string[];
}

const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'offset']);
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const SELECTOR = /([a-zA-Z_:][\w:]*)\s*(\{[^}]*\}|\()?/g;

/**
 * The metrics and labels of an expression, as far as rules and dashboards of ours go: strings and ranges are passed over,
 * what an opening parenthesis follows is a function.
 */
export function namesIn(expression: string): Names {
  const bare = expression.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').replaceAll(/\[[^\]]*\]/g, '');
  const grouped = [...bare.matchAll(GROUPING)].flatMap(([, list = '']) => wordsOf(list));
  const selectors = bare.replaceAll(GROUPING, ' ').matchAll(SELECTOR);
  const metrics = [...selectors].flatMap(([, metric = '', after = '']) =>
    after === '(' || KEYWORDS.has(metric)
      ? []
      : [{ metric, labels: [...after.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label) }],
  );
  return { metrics, grouped };
}

function wordsOf(list: string): readonly string[] {
  return list.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
}
