import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Failure } from './notice.tsx';
import { Skeleton } from './skeleton.tsx';

type Component<Props> = (props: Props) => JSX.Element;

/** A component that is fetched when it is shown for the first time: `lazily(async () => (await import('./x.tsx')).X)`. */
export function lazily<Props extends object>(
  load: () => Promise<Component<Props>>,
  waiting: JSX.Element = <Skeleton />,
): Component<Props> {
  return function Lazy(props) {
    const [loaded, setLoaded] = useState<
      { readonly component: Component<Props> } | { readonly error: unknown }
    >();
    const fetch = (): void => {
      load().then(
        (component) => setLoaded({ component }),
        (error: unknown) => setLoaded({ error }),
      );
    };
    useEffect(fetch, []);
    if (loaded === undefined) return waiting;
    if ('error' in loaded) return <Failure error={loaded.error} onRetry={fetch} />;
    const Loaded = loaded.component;
    return <Loaded {...props} />;
  };
}
