import { z } from 'zod';

// The part of Adaptive Cards 1.5 that Headwind writes, in the envelope of a Workflows webhook; strict, so that nothing
// goes unchecked. https://adaptivecards.io/explorer, https://learn.microsoft.com/connectors/teams

const Spacing = z.enum(['None', 'Small', 'Default', 'Medium', 'Large', 'ExtraLarge', 'Padding']).optional();
const Size = z.enum(['Small', 'Default', 'Medium', 'Large', 'ExtraLarge']).optional();

const TextBlock = z.strictObject({
  type: z.literal('TextBlock'),
  text: z.string().min(1),
  wrap: z.boolean().optional(),
  weight: z.enum(['Default', 'Lighter', 'Bolder']).optional(),
  size: Size,
  isSubtle: z.boolean().optional(),
  spacing: Spacing,
});
const FactSet = z.strictObject({
  type: z.literal('FactSet'),
  facts: z.array(z.strictObject({ title: z.string().min(1), value: z.string().min(1) })).min(1),
});
const RichTextBlock = z.strictObject({
  type: z.literal('RichTextBlock'),
  inlines: z
    .array(
      z.strictObject({
        type: z.literal('TextRun'),
        text: z.string().min(1),
        fontType: z.enum(['Default', 'Monospace']).optional(),
        size: Size,
      }),
    )
    .min(1),
});
const Image = z.strictObject({
  type: z.literal('Image'),
  url: z.url(),
  altText: z.string().min(1),
  size: z.enum(['Auto', 'Stretch', 'Small', 'Medium', 'Large']).optional(),
});
const ColumnSet = z.strictObject({
  type: z.literal('ColumnSet'),
  columns: z
    .array(
      z.strictObject({
        type: z.literal('Column'),
        width: z.enum(['auto', 'stretch']),
        items: z.array(z.discriminatedUnion('type', [TextBlock, Image])).min(1),
      }),
    )
    .min(1),
});
const Container = z.strictObject({
  type: z.literal('Container'),
  style: z.enum(['default', 'emphasis', 'good', 'attention', 'warning', 'accent']),
  bleed: z.boolean().optional(),
  items: z.array(ColumnSet).min(1),
});

const AdaptiveCard = z.strictObject({
  $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
  type: z.literal('AdaptiveCard'),
  version: z.literal('1.5'),
  msteams: z.strictObject({ width: z.literal('Full') }),
  fallbackText: z.string().min(1),
  body: z.array(z.discriminatedUnion('type', [Container, TextBlock, FactSet, RichTextBlock])).min(1),
  actions: z
    .array(
      z.strictObject({ type: z.literal('Action.OpenUrl'), title: z.string().min(1).max(200), url: z.url() }),
    )
    .min(1)
    .max(6)
    .optional(),
});

export const TeamsPayload = z.strictObject({
  type: z.literal('message'),
  attachments: z.tuple([
    z.strictObject({
      contentType: z.literal('application/vnd.microsoft.card.adaptive'),
      contentUrl: z.null(),
      content: AdaptiveCard,
    }),
  ]),
});
export type TeamsPayload = z.infer<typeof TeamsPayload>;

/** Every text in a card that Teams reads as Markdown. */
export function markdownOf({ attachments: [{ content }] }: TeamsPayload): readonly string[] {
  return [
    content.fallbackText,
    ...content.body.flatMap((part) => {
      if (part.type === 'TextBlock') return [part.text];
      if (part.type === 'FactSet') return part.facts.flatMap(({ title, value }) => [title, value]);
      if (part.type === 'RichTextBlock') return [];
      return part.items.flatMap(({ columns }) =>
        columns.flatMap(({ items }) =>
          items.flatMap((item) => (item.type === 'TextBlock' ? [item.text] : [])),
        ),
      );
    }),
  ];
}
