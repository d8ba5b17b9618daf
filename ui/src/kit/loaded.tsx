import type { JSX } from 'preact';
import type { Resource } from '../state/resource.ts';
import { Failure } from './notice.tsx';
import { Skeleton } from './skeleton.tsx';

/** What is there, or in its place that it is being loaded or could not be had; and a word where it has grown old. */
export function Loaded<T>({
  resource,
  onRetry,
  children,
}: {
  readonly resource: Resource<T>;
  readonly onRetry: () => void;
  readonly children: (value: T) => JSX.Element;
}): JSX.Element {
  if (resource.kind === 'failed') return <Failure error={resource.error} onRetry={onRetry} />;
  if (resource.kind === 'loading') return <Skeleton />;
  return (
    <>
      {resource.stale && (
        <p class="stale" role="status">
          This is what was known a while ago: Headwind does not answer just now.
        </p>
      )}
      {children(resource.value)}
    </>
  );
}
