import { eventually } from '../eventually.ts';
import type { Pod, Shape } from './shapes.ts';
import type { Stage } from './stage.ts';

/** Waits until the workload has exactly its pods, and all of them run this image and are ready. */
export async function allRun(
  stage: Stage,
  { shape, name, image }: { readonly shape: Shape; readonly name: string; readonly image: string },
  timeoutMs = 120_000,
): Promise<readonly Pod[]> {
  return eventually(
    () => {
      const pods = stage.pods(name);
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

function shownOf({ metadata, spec, status }: Pod): string {
  const [container] = status.containerStatuses ?? [];
  const state = container?.ready === true ? 'ready' : 'not ready';
  const leaving = metadata.deletionTimestamp === undefined ? '' : ', being deleted';
  return `${metadata.name} ${spec.containers[0].image} ${state}, ${container?.restartCount ?? 0} restarts${leaving}`;
}
