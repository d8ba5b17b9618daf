import type { JSX } from 'preact';
import { describeChange, type Draft } from './draft.ts';
import { SECTIONS } from './fields.ts';

export interface SaveBarProps {
  readonly draft: Draft;
  readonly isBusy: boolean;
  /** What the server said of the last try. */
  readonly refused: readonly string[];
  readonly onDiscard: () => void;
}

const FIELDS = new Map(SECTIONS.flatMap(({ fields }) => fields.map((field) => [field.member, field])));

/** What is not saved yet, and the ways to go on. */
export function SaveBar({ draft, isBusy, refused, onDiscard }: SaveBarProps): JSX.Element {
  const changes = Object.entries(draft);
  if (changes.length === 0) return <></>;
  return (
    <div class="save-bar card" role="region" aria-label="Changes that are not saved">
      <div class="save-text">
        <strong aria-live="polite">
          {changes.length === 1 ? '1 change is not saved' : `${changes.length} changes are not saved`}
        </strong>
        {refused.length > 0 && (
          <div class="problem" role="alert">
            <ul class="plain-list">
              {refused.map((message) => (
                <li key={message}>{message}</li>
              ))}
            </ul>
          </div>
        )}
        <ul class="plain-list">
          {changes.map(([member, value]) => (
            <li key={member}>{describeChange(FIELDS.get(member), member, value)}</li>
          ))}
        </ul>
      </div>
      <div class="save-acts">
        <button type="submit" class="button primary" disabled={isBusy}>
          {isBusy ? 'Saving…' : 'Save'}
        </button>
        <button type="button" class="button" disabled={isBusy} onClick={onDiscard}>
          Discard
        </button>
      </div>
    </div>
  );
}
