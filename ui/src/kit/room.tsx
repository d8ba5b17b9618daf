import type { JSX } from 'preact';

/** In the place of rows that are not drawn; the height is in pixels. */
export function Room({
  height,
  columns,
}: {
  readonly height: number;
  readonly columns: number;
}): JSX.Element {
  if (height === 0) return <></>;
  return (
    <tr class="room" aria-hidden="true">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}
