import { useEffect } from 'preact/hooks';
import type { Act } from './rights.ts';
import { useServices } from './services.ts';
import { useStore } from './store.ts';

/** Why somebody may not do something in a namespace; undefined where they may. */
export type WhyNot = (act: Act, namespace: string) => string | undefined;

/** Answers, for acts in these namespaces, why somebody may not; undefined where they may. */
export function useRights(namespaces: readonly string[]): WhyNot {
  const { rights } = useServices();
  useStore(rights.changes);
  const wanted = [...new Set(namespaces)].sort().join(',');
  useEffect(() => {
    if (wanted !== '') rights.want(wanted.split(','));
  }, [rights, wanted]);
  return (act, namespace) => rights.why(act, namespace);
}
