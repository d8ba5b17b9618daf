import { gravestOf, groupTitle, linesThatFit } from './group.ts';
import { EVENT_LOOKS, kindLabel, type Notification } from './notification.ts';
import { mrkdwnCode, mrkdwnLink, mrkdwnWords, plainText } from './slack-text.ts';
import { linkOf, shortenMiddle } from './text.ts';

const HEADER_LIMIT = 150;
const SECTION_LIMIT = 3000;
/** So many sections of text one message has at most; Slack takes 50 blocks and 40,000 characters. */
const MAX_SECTIONS = 10;
const LINK_LIMIT = 500;

/** One message that lists several notifications, one line each, in their order. */
export function slackGroup(notifications: readonly Notification[]): object {
  const { emoji, colour } = EVENT_LOOKS[gravestOf(notifications)];
  const title = groupTitle(notifications);
  const lines = linesThatFit(notifications.map(lineOf), (shown) => sectionsOf(shown).length <= MAX_SECTIONS);
  return {
    text: mrkdwnWords(title, 1000),
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: plainText(`${emoji} ${title}`, HEADER_LIMIT), emoji: true },
      },
      ...sectionsOf(lines).map((text) => ({
        type: 'section',
        text: { type: 'mrkdwn', text, verbatim: true },
      })),
    ],
    attachments: [{ color: colour, fallback: plainText(title, 1000) }],
  };
}

function lineOf({ event, workload, currentImage, newImage, uiUrl, errorMessage }: Notification): string {
  const { emoji, prefix } = EVENT_LOOKS[event];
  const { kind, namespace, name } = workload;
  const where = mrkdwnWords(`${kindLabel(kind)} ${namespace}/${name}`, 300);
  const [from = '', to = ''] = [currentImage, newImage].map((image) =>
    mrkdwnCode(shortenMiddle(image, 120), 300),
  );
  const url = linkOf(uiUrl, LINK_LIMIT);
  const link = url === undefined ? '' : ` ${mrkdwnLink(url, 'open')}`;
  const why = errorMessage === undefined ? '' : ` (${mrkdwnWords(errorMessage, 200)})`;
  return `${emoji} *${prefix}:* ${where} ${from} → ${to}${why}${link}`;
}

/** The lines as texts of sections, each within Slack's limit. No line is longer than one section. */
function sectionsOf(lines: readonly string[]): readonly string[] {
  const sections: string[] = [];
  for (const line of lines) {
    const last = sections.at(-1);
    if (last === undefined || last.length + 1 + line.length > SECTION_LIMIT) sections.push(line);
    else sections[sections.length - 1] = `${last}\n${line}`;
  }
  return sections;
}
