import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WEBHOOK_SENDERS } from '../../src/triggers/webhook/senders.ts';
import { readAs } from '../parts/webhook-reading.ts';

const PAGE = readFileSync(new URL('../../docs/webhooks.md', import.meta.url), 'utf8');

/** `| [Harbor](#harbor) | `/webhook/harbor` | …`: where the page tells of which sender. */
const SECTIONS = Array.from(
  PAGE.matchAll(/^\| \[[^\]]+\]\(#([^)]+)\) \| `\/webhook\/([a-z]+)` \|/gm),
  ([, anchor = '', sender = '']) => ({ sender, text: sectionOf(anchor) }),
);
const SAMPLE =
  /^What it sends(?: with `([^`:]+): ([^`]+)`)?, cut to what counts, is read as `([^`]+)`:\n\n```json\n([^]*?)```$/m;
/** Its bodies are those of distribution. */
const WITHOUT_SAMPLE = 'gitlab';

function sectionOf(anchor: string): string {
  const sections = PAGE.split(/^## /m).slice(1);
  return sections.find((section) => toAnchor(section) === anchor) ?? '';
}

function toAnchor(section: string): string {
  const [title = ''] = section.split('\n');
  return title.toLowerCase().replaceAll(' ', '-');
}

describe('docs/webhooks.md', () => {
  it('has a section for every sender', () => {
    expect(SECTIONS.map(({ sender }) => sender).toSorted()).toEqual(
      WEBHOOK_SENDERS.map(({ name }) => name).toSorted(),
    );
    expect(SECTIONS.filter(({ text }) => text === '')).toEqual([]);
  });

  it.each(SECTIONS)('says of $sender where to send, how it is proven and what is ignored', (section) => {
    const { sender, text } = section;
    expect(text).toContain(`/webhook/${sender}`);
    expect(text).toMatch(new RegExp(`secret|\`${sender}: |token`));
    expect(text).toMatch(/ignored/i);
  });

  const sampled = SECTIONS.filter(({ sender }) => sender !== WITHOUT_SAMPLE);
  it.each(sampled)('shows a body of $sender that is read as it says', ({ sender, text }) => {
    const [, header, value = '', image = '', json = ''] = SAMPLE.exec(text) ?? [];
    const headers = header === undefined ? {} : { [header]: value };
    const body: unknown = JSON.parse(json);

    expect(readAs(sender, { headers, body })).toMatchObject({ signals: [`image ${image}`], ignored: [] });
  });
});
