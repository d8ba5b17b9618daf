/** One line for people: line ends and other control characters become spaces, direction marks vanish. */
export function oneLine(text: string): string {
  return withoutControls(text).replaceAll(/\s+/g, ' ').trim();
}

/** Several lines for people. */
export function manyLines(text: string): string {
  return text
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map((line) => withoutControls(line).trimEnd())
    .join('\n')
    .trim();
}

// oxlint-disable-next-line no-control-regex -- exactly these are meant
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
// What nobody sees, but what turns the reading direction or hides text in other text.
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

function withoutControls(text: string): string {
  return text.toWellFormed().replaceAll(CONTROLS, ' ').replaceAll(INVISIBLE, '');
}

/** The text with at most `limit` UTF-16 units, its middle replaced by an ellipsis: an image's tag stands at the end. */
export function shortenMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const tail = Math.floor((limit - 1) / 2);
  return `${text.slice(0, limit - 1 - tail)}…${text.slice(text.length - tail)}`.toWellFormed();
}

/**
 * As much of the text as fits into `limit` UTF-16 units once each of its characters is escaped; what was cut ends with
 * an ellipsis. An escape is never cut in two.
 */
export function fitEscaped(text: string, limit: number, escape: (text: string) => string): string {
  const whole = escape(text);
  if (whole.length <= limit) return whole;
  let fitted = '';
  for (const character of text) {
    const escaped = escape(character);
    if (fitted.length + escaped.length > limit - 1) break;
    fitted += escaped;
  }
  return limit < 1 ? '' : `${fitted}…`;
}

/** An http or https address as a link for people; undefined for anything else, and where it is longer than `limit`. */
export function linkOf(url: string | undefined, limit: number): string | undefined {
  const parsed = url === undefined ? null : URL.parse(url);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) return undefined;
  return parsed.href.length <= limit ? parsed.href : undefined;
}

/**
 * Asterisks and the like drawn with look-alikes, where a Markdown can neither be switched off nor escaped. The characters
 * of image names stay as they are.
 */
export function withLookAlikes(text: string): string {
  return text
    .replaceAll(/[`*~[\]\\]/g, (mark) => LOOK_ALIKES.get(mark) ?? '')
    .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, 'ˍ')
    .replaceAll(/@(?=here|channel|everyone)/gi, '＠')
    .replace(/^[-+#=]/, (mark) => LOOK_ALIKES.get(mark) ?? '')
    .replace(/^(\d{1,9})[.)](?= |$)/, '$1․');
}

const LOOK_ALIKES: ReadonlyMap<string, string> = new Map([
  ['`', 'ˋ'],
  ['*', '∗'],
  ['~', '∼'],
  ['[', '［'],
  [']', '］'],
  ['\\', '＼'],
  ['-', '‐'],
  ['+', '＋'],
  ['#', '＃'],
  ['=', '＝'],
]);
