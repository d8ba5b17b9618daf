import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useServices } from '../state/services.ts';
import { useStore, type Store } from '../state/store.ts';
import type { DrawnChart, Drawing } from './engine.ts';
import { nearestStep } from './time-axis.ts';

export interface LineChartProps {
  readonly drawing: Drawing;
  /** In words, for whoever does not see it. */
  readonly label: string;
  /** The step that is looked at, common to all charts of the page. */
  readonly marked: Store<number | undefined>;
}

/** A chart of lines over time; what draws it is fetched when the first one is shown. */
export function LineChart({ drawing, label, marked }: LineChartProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [chart, setChart] = useState<DrawnChart>();
  const [failed, setFailed] = useState(false);
  const scheme = useScheme();

  useEffect(() => {
    let gone = false;
    let made: DrawnChart | undefined;
    import('./engine.ts').then(
      ({ createChart }) => {
        if (gone || canvas.current === null) return;
        made = createChart(canvas.current);
        setChart(made);
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      made?.destroy();
    };
  }, []);

  useEffect(() => chart?.draw(drawing), [chart, drawing, scheme]);
  useEffect(() => {
    const show = (): void => chart?.mark(marked.get());
    show();
    return marked.subscribe(show);
  }, [chart, marked]);

  const look = (event: PointerEvent): void => {
    const left = canvas.current?.getBoundingClientRect().left ?? 0;
    const atMs = chart?.momentAt(event.clientX - left);
    marked.set(atMs === undefined ? undefined : nearestStep(drawing.timestamps, atMs));
  };
  return (
    <div class="chart-space">
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        onPointerMove={look}
        onPointerDown={look}
        onPointerLeave={() => marked.set(undefined)}
      />
      {failed && <p class="chart-failed quiet">The chart could not be loaded; its table says the same.</p>}
    </div>
  );
}

/** Changes whenever the colours of the page do. */
function useScheme(): string {
  const theme = useStore(useServices().theme);
  const [dark, setDark] = useState(false);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const read = (): void => setDark(query.matches);
    read();
    query.addEventListener('change', read);
    return () => query.removeEventListener('change', read);
  }, []);
  return `${theme} ${String(dark)}`;
}
