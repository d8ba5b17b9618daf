import type { JSX } from 'preact';
import type { SettingsView, SourceShape } from '../../../src/http/settings-shapes.ts';
import { readNumber, valueAt, type Draft, type Value } from './draft.ts';
import type { Field } from './fields.ts';
import { SecretInput } from './secret-input.tsx';
import { SettingNote, SourceChip } from './source-note.tsx';

export interface SettingFieldProps {
  readonly field: Field;
  readonly view: SettingsView;
  readonly draft: Draft;
  /** Whether whoever looks may not change anything. */
  readonly isReadOnly: boolean;
  /** Undefined leaves the setting as it is. */
  readonly onChange: (member: string, value: Value | undefined) => void;
}

/** One setting: its value, what somebody wants it to be, and where it comes from. */
export function SettingField({ field, view, draft, isReadOnly, onChange }: SettingFieldProps): JSX.Element {
  const { member, kind, label, hint } = field;
  const source = view.sources[member];
  const id = `setting-${member.replaceAll('.', '-')}`;
  if (source === undefined) return <></>;
  const now = valueAt(view, member);
  const wanted = draft[member];
  const isChanged = member in draft;
  const common = {
    id,
    disabled: isReadOnly || !source.changeable,
    describedBy: `${id}-note`,
    onChange: (value: Value | undefined) => onChange(member, value),
  };
  const shown = isChanged ? (wanted ?? source.fallback) : now;
  return (
    <div class="setting" data-kind={kind} data-changed={isChanged}>
      <div class="setting-name">
        {kind === 'secret' ? (
          <span class="setting-label">{label}</span>
        ) : (
          <label class="setting-label" for={id}>
            {label}
          </label>
        )}
        {isChanged ? <span class="chip accent">Not saved</span> : <SourceChip source={source} />}
      </div>
      <div class="setting-value">
        {kind === 'secret' ? (
          <SecretInput {...common} label={label} isSet={now !== null} wanted={wanted} />
        ) : (
          <Input {...common} field={field} value={shown} />
        )}
        {canBeTakenBack({ field, source, wanted }) && !isReadOnly && (
          <button
            type="button"
            class="button plain"
            aria-label={`Take ${label} back to the default`}
            onClick={() => onChange(member, null)}
          >
            Default
          </button>
        )}
      </div>
      <SettingNote id={`${id}-note`} source={source} hint={hint} />
    </div>
  );
}

/** Whether there is something here that could be taken back. Secrets are cleared, which is the same. */
function canBeTakenBack({
  field,
  source,
  wanted,
}: {
  readonly field: Field;
  readonly source: SourceShape;
  readonly wanted: Value | undefined;
}): boolean {
  return field.kind !== 'secret' && wanted !== null && source.changeable && source.from === 'configmap';
}

interface InputProps {
  readonly id: string;
  readonly field: Field;
  readonly value: Value;
  readonly disabled: boolean;
  readonly describedBy: string;
  readonly onChange: (value: Value) => void;
}

function Input({ id, field, value, disabled, describedBy, onChange }: InputProps): JSX.Element {
  const { kind, choices = [], least, most } = field;
  const common = { id, disabled, 'aria-describedby': describedBy };
  if (kind === 'switch')
    return (
      <span class="switch">
        <input
          {...common}
          type="checkbox"
          role="switch"
          checked={value === true}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
        <span aria-hidden="true">{value === true ? 'On' : 'Off'}</span>
      </span>
    );
  if (kind === 'choice')
    return (
      <select
        {...common}
        class="input"
        value={String(value)}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    );
  if (kind === 'text')
    return (
      <input
        {...common}
        class="input"
        type="text"
        spellcheck={false}
        value={String(value ?? '')}
        onInput={({ currentTarget }) => onChange(currentTarget.value === '' ? null : currentTarget.value)}
      />
    );
  return (
    <span class="with-unit">
      <input
        {...common}
        class="input"
        type="number"
        required
        step="1"
        min={least}
        max={most}
        value={String(value ?? '')}
        onInput={({ currentTarget }) => {
          const typed = readNumber(currentTarget.value);
          if (typed !== undefined) onChange(typed);
        }}
      />
      {kind === 'seconds' && <span class="quiet">seconds</span>}
    </span>
  );
}
