import { mainDetails, moreDetails, type Detail } from './details.ts';
import type { Channel, Message } from './message.ts';
import { EVENT_LOOKS, requestOf, titleOf, type Notification } from './notification.ts';
import { slackGroup } from './slack-group.ts';
import { mrkdwnBlock, mrkdwnCode, mrkdwnWords, plainText } from './slack-text.ts';
import type { SlackTarget } from './target.ts';
import { linkOf, shortenMiddle } from './text.ts';

// What Slack refuses to exceed. (https://docs.slack.dev/reference/block-kit)
const HEADER_LIMIT = 150;
const FIELD_LIMIT = 2000;
const URL_LIMIT = 3000;
const VALUE_LIMIT = 2000;
/** What is said in a push message, where blocks are not shown. */
const FALLBACK_LIMIT = 1000;
const IMAGE_LIMIT = 500;

/** What the buttons of a message are called when Slack reports that one was pressed. */
export const SLACK_ACTIONS = { approve: 'approve_update', reject: 'reject_update' } as const;

/** Messages in Block Kit, through an incoming webhook. */
export const slackChannel: Channel<SlackTarget> = {
  name: 'slack',
  parallel: 1,
  groupsUpTo: 40,
  render(notifications, target): Message {
    const [first, ...others] = notifications;
    const content =
      others.length === 0
        ? slackMessage(first, { buttons: buttonsOf(first, target) })
        : slackGroup(notifications);
    return {
      body: JSON.stringify({
        ...(target.slackChannel === undefined ? {} : { channel: target.slackChannel }),
        username: target.username,
        icon_emoji: target.iconEmoji,
        ...content,
        // No name in the texts shall become a mention, no address a preview.
        link_names: false,
        unfurl_links: false,
        unfurl_media: false,
      }),
      headers: { 'content-type': 'application/json; charset=utf-8' },
    };
  },
};

/** What one message says of one notification; `notes` are lines of mrkdwn at its end. */
export function slackMessage(
  notification: Notification,
  { buttons = [], notes = [] }: { readonly buttons?: readonly object[]; readonly notes?: readonly string[] },
): object {
  const { emoji, colour } = EVENT_LOOKS[notification.event];
  const title = titleOf(notification);
  const more = moreDetails(notification);
  return {
    text: fallbackOf(notification),
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: plainText(`${emoji} ${title}`, HEADER_LIMIT), emoji: true },
      },
      fieldsOf(mainDetails(notification)),
      ...(more.length === 0 ? [] : [fieldsOf(more)]),
      ...(buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons }]),
      {
        type: 'context',
        elements: [slackTime(notification.timestampMs), ...notes].map(verbatim),
      },
    ],
    attachments: [{ color: colour, fallback: plainText(title, FALLBACK_LIMIT) }],
  };
}

/** One line for push messages and screen readers. */
function fallbackOf(notification: Notification): string {
  const { currentImage, newImage } = notification;
  const images = [currentImage, newImage].map((image) => mrkdwnCode(shortenMiddle(image, 200), 400));
  // Here Slack cannot be told to make no links.
  const title = mrkdwnWords(titleOf(notification).replaceAll('://', ':∕∕'), FALLBACK_LIMIT);
  return `${title}: ${images.join(' → ')}`;
}

function fieldsOf(details: readonly Detail[]): object {
  return {
    type: 'section',
    fields: details.map((detail) => {
      const label = `*${mrkdwnWords(detail.label, 100)}:*\n`;
      return verbatim(label + valueOf(detail, FIELD_LIMIT - label.length));
    }),
  };
}

/** Mrkdwn in which Slack makes no links and mentions out of words. */
function verbatim(text: string): object {
  return { type: 'mrkdwn', text, verbatim: true };
}

function valueOf({ value, form }: Detail, limit: number): string {
  if (form === 'image') return mrkdwnCode(shortenMiddle(value, IMAGE_LIMIT), limit);
  return form === 'output' ? mrkdwnBlock(value, limit) : mrkdwnWords(value, limit);
}

function buttonsOf(notification: Notification, { interactive }: SlackTarget): readonly object[] {
  const { requiresApproval, uiUrl } = notification;
  const url = linkOf(uiUrl, URL_LIMIT);
  const isAsked = notification.event === 'update_request_created' && requiresApproval === true;
  const request = isAsked && interactive ? requestValue(notification) : undefined;
  const view = dashboardButton(notification);
  if (request !== undefined) {
    return [
      ...view,
      button('Approve', { style: 'primary', value: request, action_id: SLACK_ACTIONS.approve }),
      button('Reject', { style: 'danger', value: request, action_id: SLACK_ACTIONS.reject }),
    ];
  }
  // Whoever opens a link sends a GET, which approves nothing: the dashboard asks them.
  const approve =
    url === undefined || !isAsked ? [] : [button('Approve', { url, action_id: SLACK_ACTIONS.approve })];
  return [...view, ...approve];
}

/** The link to the request, where there is one. */
export function dashboardButton({ uiUrl }: Notification): readonly object[] {
  const url = linkOf(uiUrl, URL_LIMIT);
  if (url === undefined) return [];
  return [button('View in Dashboard', { style: 'primary', url, action_id: 'view_dashboard' })];
}

function button(text: string, rest: object): object {
  return { type: 'button', text: { type: 'plain_text', text, emoji: true }, ...rest };
}

/** `namespace/name/uid`: which request a button is about; none of the parts can hold a slash. */
function requestValue(notification: Notification): string | undefined {
  const { workload, updateRequestName } = notification;
  if (updateRequestName === undefined) return undefined;
  const value = `${workload.namespace}/${updateRequestName}/${requestOf(notification)}`;
  return value.length <= VALUE_LIMIT ? value : undefined;
}

/** The time as Slack shows it in each reader's own time zone, in UTC where it cannot. */
export function slackTime(epochMs: number): string {
  const utc = new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ');
  return `<!date^${Math.floor(epochMs / 1000)}^{date_short_pretty} at {time}|${utc} UTC>`;
}
