import type { JSX } from 'preact';
import type { Section } from './fields.ts';
import { valueAt } from './draft.ts';
import { SettingField, type SettingFieldProps } from './setting-field.tsx';
import { TestButton } from './test-button.tsx';

export interface SectionCardProps extends Omit<SettingFieldProps, 'field'> {
  readonly section: Section;
}

/** The settings of one subject. */
export function SectionCard({ section, ...common }: SectionCardProps): JSX.Element {
  const { id, title, about, fields, channel } = section;
  return (
    <section class="card section settings-section" aria-labelledby={`settings-${id}`}>
      <header>
        <h2 id={`settings-${id}`}>{title}</h2>
        <p class="quiet">{about}</p>
      </header>
      {fields.map((field) => (
        <SettingField key={field.member} field={field} {...common} />
      ))}
      {channel !== undefined && <TestButton channel={channel} why={whyNoTest(section, common)} />}
    </section>
  );
}

function whyNoTest(
  { fields, channel }: Section,
  { draft, view, isReadOnly }: Omit<SectionCardProps, 'section'>,
): string | undefined {
  if (isReadOnly) return 'Trying it out takes the right to change settings.';
  if (fields.some(({ member }) => member in draft)) return 'Save the changes first.';
  return valueAt(view, `notifications.${channel ?? ''}.enabled`) === true ? undefined : 'It is switched off.';
}
