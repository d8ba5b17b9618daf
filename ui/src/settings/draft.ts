import type { SettingsView } from '../../../src/http/settings-shapes.ts';
import { labelOf, type Field } from './fields.ts';

export type Value = string | number | boolean | null;

/** What somebody wants to change and has not saved, by the place of the setting; null takes it back. */
export type Draft = Readonly<Record<string, Value>>;

/** What a setting is now; null where it is nothing. */
export function valueAt(view: SettingsView, member: string): Value {
  let value: unknown = view;
  for (const key of member.split('.')) {
    if (typeof value !== 'object' || value === null) return null;
    value = new Map<string, unknown>(Object.entries(value)).get(key);
  }
  return isValue(value) ? value : null;
}

/** The draft with one change more, or one less where the value is what it is anyway. */
export function withChange(
  draft: Draft,
  view: SettingsView,
  { member, value }: { readonly member: string; readonly value: Value },
): Draft {
  const { [member]: _, ...others } = draft;
  const isTakenBack = value === null && view.sources[member]?.from !== 'default';
  return !isTakenBack && value === valueAt(view, member) ? others : { ...others, [member]: value };
}

/** The draft without what is so meanwhile, or cannot be changed any more. */
export function stillWanted(draft: Draft, view: SettingsView): Draft {
  return Object.fromEntries(
    Object.entries(draft).filter(([member, value]) => {
      const source = view.sources[member];
      if (source?.changeable !== true) return false;
      if (value === null) return source.from !== 'default';
      return value !== valueAt(view, member);
    }),
  );
}

/** The body that changes exactly this. */
export function bodyOf(draft: Draft): object {
  const body: Tree = {};
  for (const [member, value] of Object.entries(draft)) place(body, member.split('.'), value);
  return body;
}

/** What a change does, for people; nothing of a secret. */
export function describeChange(field: Field | undefined, member: string, value: Value): string {
  const name = labelOf(member);
  if (field?.kind === 'secret') return `${name}: ${value === null ? 'cleared' : 'replaced'}`;
  return `${name}: ${describeValue(field, value)}`;
}

function describeValue(field: Field | undefined, value: Value): string {
  if (value === null) return 'back to the default';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  const choice = field?.choices?.find((one) => one.value === value)?.label;
  return `${choice ?? String(value)}${field?.kind === 'seconds' ? ' s' : ''}`;
}

/** What the server says is wrong, with the names that the page uses. */
export function explainRefusal(detail: string): readonly string[] {
  return detail
    .replace(/\.$/, '')
    .split('; ')
    .map((message) => {
      const [member = ''] = /^[\w.]+/.exec(message) ?? [];
      const label = labelOf(member);
      return label === member ? message : label + message.slice(member.length);
    });
}

/** A number as it was typed; undefined while it is none. */
export function readNumber(text: string): number | undefined {
  const value = Number(text);
  return text.trim() === '' || !Number.isFinite(value) ? undefined : value;
}

type Tree = { [key: string]: Value | Tree };

function place(tree: Tree, [first = '', ...rest]: readonly string[], value: Value): void {
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const below = tree[first];
  const table = typeof below === 'object' && below !== null ? below : {};
  tree[first] = table;
  place(table, rest, value);
}

function isValue(value: unknown): value is Value {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
