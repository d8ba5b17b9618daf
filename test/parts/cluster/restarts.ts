import { eventually } from '../eventually.ts';
import type { Pod } from './shapes.ts';
import type { Stage } from './stage.ts';

/**
 * Lets every pod of a workload restart its container so many times, as quickly as kubelet can: by giving the pod
 * itself, which its controller does not mind, one image after the other, and in the end its own again.
 */
export async function restartPods(
  stage: Stage,
  { name, times }: { readonly name: string; readonly times: number },
): Promise<void> {
  const own = stage.image(name, '1.0.0');
  // Words have no order: no policy moves to them.
  const tags = Array.from({ length: times - 1 }, (_, index) => `again-${'abcdefgh'.charAt(index)}`);
  for (const tag of tags) await stage.push(name, tag, 'healthy');
  const images = [...tags.map((tag) => stage.image(name, tag)), own];
  for (const [index, image] of images.entries()) {
    for (const pod of stage.pods(name)) await setPodImage(stage, pod, image);
    await eventually(
      () => {
        const pods = stage.pods(name);
        return pods.every(({ status }) => hasRestarted(status, index + 1)) || Promise.reject(shown(pods));
      },
      { what: `the pods of ${name} have restarted ${index + 1} times`, timeoutMs: 60_000, everyMs: 200 },
    );
  }
}

function hasRestarted(status: Pod['status'], times: number): boolean {
  const [container] = status.containerStatuses ?? [];
  return container?.ready === true && container.restartCount >= times;
}

function shown(pods: readonly Pod[]): Error {
  return new Error(JSON.stringify(pods.map(({ metadata, status }) => [metadata.name, status])));
}

async function setPodImage(stage: Stage, pod: Pod, image: string): Promise<void> {
  const path = `/api/v1/namespaces/${stage.namespace}/pods/${pod.metadata.name}`;
  const patch = { spec: { containers: [{ name: 'app', image }] } };
  await stage.api.expectOk('PATCH', path, patch, 'application/strategic-merge-patch+json');
}
