import type { ComponentChildren, JSX } from 'preact';
import { ApiError } from '../state/api.ts';

/** What stands in the place of a list that is empty, or could not be had. */
export function Notice({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="notice card">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Says what went wrong, and offers to try again. */
export function Failure({
  error,
  onRetry,
}: {
  readonly error: unknown;
  readonly onRetry: () => void;
}): JSX.Element {
  const { title, text } = explain(error);
  return (
    <div role="alert">
      <Notice title={title}>
        <p>{text}</p>
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      </Notice>
    </div>
  );
}

function explain(error: unknown): { readonly title: string; readonly text: string } {
  if (!(error instanceof ApiError)) return { title: 'Something went wrong', text: 'The page has a mistake.' };
  const text = error.message;
  if (error.status === 0) return { title: 'Headwind cannot be reached', text };
  if (error.status === 403) return { title: 'You may not see this', text };
  if (error.status === 404) return { title: 'There is no such thing', text };
  if (error.status === 503) return { title: 'The cluster does not answer', text };
  return { title: 'That did not work', text };
}
