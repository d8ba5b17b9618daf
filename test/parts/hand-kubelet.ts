import { z } from 'zod';
import type { ControlPlaneAccess } from './control-plane-access.ts';

/** What becomes of the containers with an image. */
export type Behaviour = 'ready' | 'starting' | 'crashes' | 'cannot be pulled';

export interface HandKubelet {
  /** From now on containers with this tag behave like that; `ready` unless told. */
  behave(tag: string, behaviour: Behaviour): void;
  stop(): Promise<void>;
}

const Pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
      spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }),
    }),
  ),
});
type Pod = z.infer<typeof Pods>['items'][number];

const EVERY_MS = 150;

/**
 * Says of the pods of one namespace what a kubelet would say, where there are controllers and no node: it writes their
 * status, by the tags of their images, and starts nothing.
 */
export function startHandKubelet(api: ControlPlaneAccess, namespace: string): HandKubelet {
  const behaviours = new Map<string, Behaviour>();
  const written = new Map<string, string>();
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const end = new AbortController();

  const writeStatus = async (pod: Pod): Promise<void> => {
    const status = statusOf(
      pod,
      (image) => behaviours.get(image.slice(image.lastIndexOf(':') + 1)) ?? 'ready',
    );
    const text = JSON.stringify(status);
    if (pod.metadata.deletionTimestamp !== undefined || written.get(pod.metadata.uid) === text) return;
    const answer = await api.request(
      'PATCH',
      `${path}/${pod.metadata.name}/status`,
      { metadata: { uid: pod.metadata.uid }, status },
      'application/merge-patch+json',
    );
    if (answer.status < 300) written.set(pod.metadata.uid, text);
  };
  const round = async (): Promise<void> => {
    const { status, body } = await api.request('GET', path);
    if (status !== 200) return;
    await Promise.all(Pods.parse(body).items.map(writeStatus));
  };
  const work = (async () => {
    while (!end.signal.aborted) {
      await round();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  })();

  return {
    behave: (tag, behaviour) => void behaviours.set(tag, behaviour),
    async stop() {
      end.abort();
      await work;
    },
  };
}

const STARTED = '2026-01-01T10:00:00Z';

function statusOf({ spec }: Pod, behaviourOf: (image: string) => Behaviour): object {
  const containerStatuses = spec.containers.map(({ name, image }) => ({
    name,
    image,
    imageID: '',
    ...containerStatus(behaviourOf(image)),
  }));
  const ready = containerStatuses.every((one) => one.ready);
  const status = ready ? 'True' : 'False';
  const conditions = ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
    type,
    status: type === 'Ready' || type === 'ContainersReady' ? status : 'True',
    lastTransitionTime: STARTED,
  }));
  return { phase: ready ? 'Running' : 'Pending', conditions, containerStatuses };
}

function containerStatus(behaviour: Behaviour): { ready: boolean; restartCount: number; state: object } {
  const waiting = (reason: string): object => ({ waiting: { reason, message: 'says the test' } });
  switch (behaviour) {
    case 'ready':
      return { ready: true, restartCount: 0, state: { running: { startedAt: STARTED } } };
    case 'starting':
      return { ready: false, restartCount: 0, state: { running: { startedAt: STARTED } } };
    case 'crashes':
      return { ready: false, restartCount: 3, state: waiting('CrashLoopBackOff') };
    case 'cannot be pulled':
      return { ready: false, restartCount: 0, state: waiting('ImagePullBackOff') };
    default:
      return behaviour satisfies never;
  }
}
