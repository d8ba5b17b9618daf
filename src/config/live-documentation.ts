import { memberOf } from './live-sources.ts';
import { LIVE_KEYS, LIVE_SETTINGS } from './live-table.ts';

/** All settings that count without a restart, as a Markdown table for docs/configuration.md. */
export function liveMarkdown(): string {
  const rows = LIVE_KEYS.map((key) => {
    const { secretKey, variable, toJson, description } = LIVE_SETTINGS[key];
    const fallback = toJson(undefined);
    const where = secretKey === undefined ? `\`${key}\`` : `\`${secretKey}\` in the Secret`;
    return [
      where,
      `\`${memberOf(key)}\``,
      fallback === null ? 'not set' : `\`${String(fallback)}\``,
      variable === undefined ? '' : `\`${variable}\``,
      description,
    ];
  });
  const head = ['Key', 'In documents and the API', 'Default', 'Variable', 'Meaning'];
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
