import { fitEscaped, manyLines, oneLine, withLookAlikes } from './text.ts';

/**
 * Slack's mrkdwn has three characters to escape; `<!channel>` and `<@U…>` are mentions only with true angle brackets.
 * (https://docs.slack.dev/messaging/formatting-message-text#escaping)
 */
function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Words in mrkdwn, which format nothing, mention nobody and link nowhere; `limit` in characters as they are sent. */
export function mrkdwnWords(text: string, limit: number): string {
  return fitEscaped(withLookAlikes(oneLine(text)), limit, escapeMrkdwn);
}

/** A name in a code span, out of which no backtick leads. */
export function mrkdwnCode(text: string, limit: number): string {
  const inner = oneLine(text).replaceAll('`', 'ˋ');
  return inner === '' ? '-' : `\`${fitEscaped(inner, limit - 2, escapeMrkdwn)}\``;
}

/** Several lines in a code block. */
export function mrkdwnBlock(text: string, limit: number): string {
  const inner = manyLines(text).replaceAll('`', 'ˋ');
  return `\`\`\`${fitEscaped(inner, limit - 6, escapeMrkdwn)}\`\`\``;
}

/** A link in mrkdwn; `url` as `linkOf` gives it. */
export function mrkdwnLink(url: string, label: string): string {
  return `<${escapeMrkdwn(url.replaceAll('|', '%7C'))}|${mrkdwnWords(label, 100)}>`;
}

/** Plain text, as in headers and buttons; emoji codes between colons are the only thing that Slack draws there. */
export function plainText(text: string, limit: number): string {
  return fitEscaped(oneLine(text).replaceAll(/:(?=[\w+-]{1,100}:)/g, '∶'), limit, (same) => same);
}
