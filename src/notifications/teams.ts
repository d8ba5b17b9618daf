import { mainDetails, moreDetails, type Detail } from './details.ts';
import { gravestOf, groupTitle, linesThatFit } from './group.ts';
import type { Answer, Channel, Message, Verdict } from './message.ts';
import { dottedName, EVENT_LOOKS, kindLabel, titleOf, type Notification } from './notification.ts';
import type { TeamsTarget } from './target.ts';
import { fitEscaped, linkOf, manyLines, oneLine, shortenMiddle, withLookAlikes } from './text.ts';
import type { NotificationEvent } from '../core/notification-event.ts';
import { toTimestamp } from '../core/clock.ts';

/** What Teams takes; where it counts UTF-16, a character has two bytes. */
const MAX_BYTES = 28 * 1024;
const TITLE_LIMIT = 300;
// Together these stay below the limit, also where JSON escapes every character.
const WORDS_LIMIT = 400;
const OUTPUT_LIMIT = 2000;
const URL_LIMIT = 2000;
const LOGO = 'https://raw.githubusercontent.com/kubernetes/kubernetes/master/logo/logo.png';

/** How Adaptive Cards colour what is good or bad: there are no colours by number. */
const STYLES: Readonly<Record<NotificationEvent, 'accent' | 'emphasis' | 'good' | 'attention' | 'warning'>> =
  {
    update_detected: 'accent',
    update_request_created: 'emphasis',
    update_approved: 'good',
    update_rejected: 'attention',
    update_completed: 'good',
    update_failed: 'warning',
    rollback_triggered: 'warning',
    rollback_completed: 'good',
    rollback_failed: 'attention',
  };

/** Adaptive Cards 1.5, through a Workflows webhook. */
export const teamsChannel: Channel<TeamsTarget> = {
  name: 'teams',
  parallel: 1,
  groupsUpTo: 40,
  render(notifications): Message {
    const [first, ...others] = notifications;
    return {
      body: envelope(others.length === 0 ? single(first) : group(notifications)),
      // Without the charset Teams takes a character for two bytes.
      headers: { 'content-type': 'application/json; charset=utf-8' },
    };
  },
  judge: judgeConnector,
};

function envelope(card: object): string {
  return JSON.stringify({
    type: 'message',
    attachments: [
      { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card },
    ],
  });
}

interface CardParts {
  readonly event: NotificationEvent;
  readonly title: string;
  readonly subtitle: string;
  readonly body: readonly object[];
  readonly actions: readonly object[];
}

function cardOf({ event, title, subtitle, body, actions }: CardParts): object {
  const words = [
    textBlock(`${EVENT_LOOKS[event].emoji} ${teamsWords(title, TITLE_LIMIT)}`, {
      weight: 'Bolder',
      size: 'Medium',
    }),
    textBlock(subtitle, { isSubtle: true, spacing: 'None' }),
  ];
  const logo = { type: 'Image', url: LOGO, altText: 'Kubernetes', size: 'Small' };
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.5',
    msteams: { width: 'Full' },
    fallbackText: teamsWords(title, TITLE_LIMIT),
    body: [
      {
        type: 'Container',
        style: STYLES[event],
        bleed: true,
        items: [
          {
            type: 'ColumnSet',
            columns: [
              { type: 'Column', width: 'auto', items: [logo] },
              { type: 'Column', width: 'stretch', items: words },
            ],
          },
        ],
      },
      ...body,
    ],
    ...(actions.length === 0 ? {} : { actions }),
  };
}

function single(notification: Notification): object {
  const { event, timestampMs, requiresApproval, uiUrl } = notification;
  const details = [...mainDetails(notification), ...moreDetails(notification)];
  const outputs = details.filter(({ form }) => form === 'output');
  const url = linkOf(uiUrl, URL_LIMIT);
  const isAsked = event === 'update_request_created' && requiresApproval === true;
  return cardOf({
    event,
    title: titleOf(notification),
    subtitle: `Event: ${dottedName(event)}, ${toTimestamp(timestampMs)}`,
    body: [
      { type: 'FactSet', facts: details.filter(({ form }) => form !== 'output').map(factOf) },
      ...outputs.flatMap(({ label, value }) => [
        textBlock(`${label}:`, { weight: 'Bolder' }),
        outputBlock(value),
      ]),
    ],
    actions:
      url === undefined
        ? []
        : // A link can approve nothing: the dashboard asks whoever follows it.
          ['View in Dashboard', ...(isAsked ? ['Approve'] : [])].map((title) => ({
            type: 'Action.OpenUrl',
            title,
            url,
          })),
  });
}

function group(notifications: readonly Notification[]): object {
  const event = gravestOf(notifications);
  const card = (lines: readonly string[]): object =>
    cardOf({
      event,
      title: groupTitle(notifications),
      subtitle: 'Several at once, in their order',
      body: lines.map((line) => textBlock(line, { spacing: 'Small' })),
      actions: [],
    });
  const lines = linesThatFit(
    notifications.map(lineOf),
    (shown) => sizeOf(envelope(card(shown))) <= MAX_BYTES,
  );
  return card(lines);
}

function sizeOf(body: string): number {
  return Math.max(Buffer.byteLength(body), body.length * 2);
}

function lineOf({ event, workload, currentImage, newImage, uiUrl, errorMessage }: Notification): string {
  const { emoji, prefix } = EVENT_LOOKS[event];
  const where = teamsWords(`${kindLabel(workload.kind)} ${workload.namespace}/${workload.name}`, 200);
  const images = [currentImage, newImage].map((image) => teamsWords(shortenMiddle(image, 120), 150));
  const why = errorMessage === undefined ? '' : ` (${teamsWords(errorMessage, 120)})`;
  const url = linkOf(uiUrl, WORDS_LIMIT);
  const link = url === undefined ? '' : ` [open](${url.replaceAll(/[()[\]\\]/g, encodeURIComponentFully)})`;
  return `${emoji} ${prefix}: ${where} ${images.join(' → ')}${why}${link}`;
}

function encodeURIComponentFully(mark: string): string {
  return `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
}

function factOf({ label, value, form }: Detail): object {
  const shown = form === 'image' ? shortenMiddle(oneLine(value), WORDS_LIMIT) : value;
  return { title: teamsWords(label, 100), value: teamsWords(shown, WORDS_LIMIT) };
}

function textBlock(text: string, rest: object): object {
  return { type: 'TextBlock', text, wrap: true, ...rest };
}

/** Text runs are shown as they are: Markdown and mentions exist in text blocks and facts alone. */
function outputBlock(value: string): object {
  const text = fitEscaped(manyLines(value), OUTPUT_LIMIT, (same) => same) || '-';
  return {
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, fontType: 'Monospace', size: 'Small' }],
  };
}

/** Words in which Teams finds no Markdown, no `<at>`, no entity and no address. */
function teamsWords(text: string, limit: number): string {
  const plain = withLookAlikes(oneLine(text))
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replaceAll('&', '＆')
    .replaceAll('|', '∣')
    .replaceAll('://', ':∕∕');
  return fitEscaped(plain, limit, (same) => same) || '-';
}

/**
 * The connectors that came before Workflows answer 200 also when the message did not arrive, and say so in the body.
 * (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using#rate-limiting-for-connectors)
 */
function judgeConnector({ status, text }: Answer): Verdict | undefined {
  if (status !== 200 || !text.includes('Webhook message delivery failed')) return undefined;
  const code = Number(/HTTP error (\d{3})/.exec(text)?.[1] ?? '500');
  const reason = `answered 200, but that Teams itself answered ${code}`;
  return code === 429 || code === 408 || code >= 500
    ? { outcome: 'later', reason }
    : { outcome: 'refused', reason, isAboutMessage: code === 400 || code === 413 };
}
