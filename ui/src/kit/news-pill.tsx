import type { JSX } from 'preact';

/** Says that the list is another one by now, without changing it under somebody's hand. */
export function NewsPill({
  arrived,
  gone,
  onShow,
}: {
  readonly arrived: number;
  readonly gone: number;
  readonly onShow: () => void;
}): JSX.Element {
  const parts = [...(arrived > 0 ? [`${arrived} new`] : []), ...(gone > 0 ? [`${gone} moved on`] : [])];
  return (
    <div class="news" role="status">
      {parts.length > 0 && (
        <button type="button" class="button news-pill" onClick={onShow}>
          {`${parts.join(', ')} · show`}
        </button>
      )}
    </div>
  );
}
