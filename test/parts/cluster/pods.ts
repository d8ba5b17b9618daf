import { eventually } from '../eventually.ts';
import type { Pod, Shape } from './shapes.ts';
import type { Stage } from './stage.ts';

/** Waits until the workload has exactly its pods, but for those that are being deleted, and all of them run this image and are ready. */
export async function allRun(
  stage: Pick<Stage, 'pods'>,
  { shape, name, image }: { readonly shape: Shape; readonly name: string; readonly image: string },
  timeoutMs = 120_000,
): Promise<readonly Pod[]> {
  return eventually(
    () => {
      const pods = stage.pods(name).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      const right = pods.filter(({ spec, status }) => {
        const [status0] = status.containerStatuses ?? [];
        return spec.containers[0].image === image && status0?.ready === true;
      });
      if (pods.length === shape.pods && right.length === pods.length) return pods;
      throw new Error(`its pods are ${JSON.stringify(pods.map(shownOf))}`);
    },
    { what: `all ${shape.pods} pods of ${name} run ${image} and are ready`, timeoutMs, everyMs: 300 },
  );
}

/** A pod in short, for messages. */
export function shownOf({ metadata, spec, status }: Pod): string {
  const [container] = status.containerStatuses ?? [];
  const state = container?.ready === true ? 'ready' : 'not ready';
  const leaving = metadata.deletionTimestamp === undefined ? '' : ', being deleted';
  return `${metadata.name} ${spec.containers[0].image} ${state}, ${container?.restartCount ?? 0} restarts${leaving}`;
}
