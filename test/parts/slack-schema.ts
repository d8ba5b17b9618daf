import { z } from 'zod';

// What Slack accepts of an incoming webhook, as far as Headwind writes it; strict, so that nothing goes unchecked.
// https://docs.slack.dev/reference/block-kit/blocks, …/block-elements/button-element, …/composition-objects/text-object

const length = (least: number, most: number) => z.string().min(least).max(most);

const PlainText = (most: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: length(1, most), emoji: z.boolean().optional() });
const Mrkdwn = (most: number) =>
  z.strictObject({ type: z.literal('mrkdwn'), text: length(1, most), verbatim: z.boolean().optional() });

const Button = z.strictObject({
  type: z.literal('button'),
  text: PlainText(75),
  action_id: length(1, 255),
  url: z.url().max(3000).optional(),
  value: length(1, 2000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
});

const Block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), text: PlainText(150) }),
  z
    .strictObject({
      type: z.literal('section'),
      text: Mrkdwn(3000).optional(),
      fields: z.array(Mrkdwn(2000)).min(1).max(10).optional(),
    })
    .refine(
      ({ text, fields }) => text !== undefined || fields !== undefined,
      'a section needs text or fields',
    ),
  z.strictObject({
    type: z.literal('actions'),
    elements: z
      .array(Button)
      .min(1)
      .max(25)
      .refine(
        (buttons) => new Set(buttons.map((button) => button.action_id)).size === buttons.length,
        'action ids are unique in their block',
      ),
  }),
  z.strictObject({ type: z.literal('context'), elements: z.array(Mrkdwn(3000)).min(1).max(10) }),
]);

export const SlackPayload = z.strictObject({
  // Slack cuts at 40,000 and advises 4,000.
  text: length(1, 4000),
  channel: z.string().optional(),
  username: length(1, 80),
  icon_emoji: z.string().regex(/^:[^:\s]+:$/),
  blocks: z.array(Block).min(1).max(50),
  attachments: z
    .array(z.strictObject({ color: z.string().regex(/^#[0-9A-F]{6}$/i), fallback: length(1, 4000) }))
    .max(20),
  link_names: z.literal(false),
  unfurl_links: z.literal(false),
  unfurl_media: z.literal(false),
});
export type SlackPayload = z.infer<typeof SlackPayload>;

/** Every text in a payload that Slack reads as mrkdwn. */
export function mrkdwnOf({ text, blocks }: SlackPayload): readonly string[] {
  return [
    text,
    ...blocks.flatMap((block) => {
      if (block.type === 'section')
        return [
          ...(block.text === undefined ? [] : [block.text.text]),
          ...(block.fields ?? []).map((field) => field.text),
        ];
      return block.type === 'context' ? block.elements.map((element) => element.text) : [];
    }),
  ];
}

/** What stands in true angle brackets: mentions, dates and links. */
export function controlsIn(mrkdwn: string): readonly string[] {
  return mrkdwn.match(/<[^>]*>?/g) ?? [];
}
