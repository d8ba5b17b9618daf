import type { JSX } from 'preact';
import { Notice } from './notice.tsx';

/** Nothing can be said yet: that is not the same as that there is nothing. */
export function NotSynced(): JSX.Element {
  return (
    <Notice title="Headwind is still reading the cluster">
      <p>
        It does not know all workloads and requests yet. Where this lasts, it cannot reach the Kubernetes API,
        or lacks a right; its log says which.
      </p>
    </Notice>
  );
}

/** Others may see more. */
export function PartialView(): JSX.Element {
  return <p>You see the namespaces in which you may list update requests.</p>;
}
