import { toTimestamp, type Clock } from '../../../core/clock.ts';
import type { ApiObject } from '../api-object.ts';
import { arrayAt, objectAt, stringAt, type JsonObject } from '../json.ts';
import type { ObjectStore } from '../store.ts';
import { ContainerRun, type ContainerSpec } from './container-run.ts';
import type { WriteEvent } from './event-writer.ts';
import type { ImageStore } from './images.ts';
import { NODE_NAME } from './node.ts';
import type { Pace } from './pace.ts';

export interface PodRunOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly images: ImageStore;
  readonly schedulerEvent: WriteEvent;
  readonly kubeletEvent: WriteEvent;
}

/** One pod on the node, from scheduling to the end: what scheduler and kubelet would write about it. */
export class PodRun {
  readonly #pod: ApiObject;
  readonly #ip: string;
  readonly #options: PodRunOptions;
  readonly #init: readonly ContainerRun[];
  readonly #main: readonly ContainerRun[];
  readonly #changedAt = new Map<string, { readonly status: string; readonly at: string }>();
  #cancel: () => void;
  #startTime = '';
  #stopped = false;

  constructor(pod: ApiObject, ip: string, options: PodRunOptions) {
    this.#pod = pod;
    this.#ip = ip;
    this.#options = options;
    const init = arrayAt(pod, 'spec', 'initContainers');
    const waiting = init.length === 0 ? 'ContainerCreating' : 'PodInitializing';
    this.#init = init.map((container) => this.#containerRun(specOf(container, true), waiting));
    this.#main = arrayAt(pod, 'spec', 'containers').map((container) =>
      this.#containerRun(specOf(container, false), waiting),
    );
    this.#cancel = options.clock.after(options.pace.scheduleMs, () => this.#schedule());
  }

  /** Ends it: the pod is gone, or the sandbox closes. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
    for (const run of [...this.#init, ...this.#main]) run.stop();
  }

  /** Says that the containers are stopped, as the kubelet does when a pod is deleted. */
  announceEnd(): void {
    for (const { spec, status } of this.#main)
      if (objectAt(status, 'state', 'running')['startedAt'] !== undefined)
        this.#options.kubeletEvent(this.#pod, {
          type: 'Normal',
          reason: 'Killing',
          message: `Stopping container ${spec.name}`,
        });
  }

  #containerRun(spec: ContainerSpec, waiting: string): ContainerRun {
    const { clock, pace, images, kubeletEvent } = this.#options;
    const { name, namespace = '', uid } = this.#pod.metadata;
    return new ContainerRun(
      {
        spec,
        podTitle: `${name}_${namespace}(${uid})`,
        clock,
        pace,
        images,
        onChange: () => this.#advance(),
        onEvent: (event) => kubeletEvent(this.#pod, event),
      },
      waiting,
    );
  }

  #schedule(): void {
    const { store, clock, schedulerEvent } = this.#options;
    const { name, namespace = '' } = this.#pod.metadata;
    const pod = store.get('pods', namespace, name);
    if (pod === undefined || pod.metadata.uid !== this.#pod.metadata.uid) return;
    store.update('pods', { ...pod, spec: { ...objectAt(pod, 'spec'), nodeName: NODE_NAME } });
    const message = `Successfully assigned ${namespace}/${name} to ${NODE_NAME}`;
    schedulerEvent(pod, { type: 'Normal', reason: 'Scheduled', message });
    this.#startTime = toTimestamp(clock.now());
    this.#write();
    const [first] = this.#init;
    if (first === undefined) for (const run of this.#main) run.start();
    else first.start();
  }

  /** After a container changed: starts what was waiting for it. */
  #advance(): void {
    if (this.#stopped) return;
    this.#write();
    const next = this.#init.findIndex((run) => !run.finished);
    const justFinished = (next < 0 ? this.#init.length : next) - 1;
    if (justFinished < 0 || this.#begun.has(justFinished)) return;
    this.#begun.add(justFinished);
    const following = this.#init[justFinished + 1];
    if (following === undefined) for (const run of this.#main) run.start();
    else following.start();
  }

  /** Init containers whose end has started what follows them. */
  readonly #begun = new Set<number>();

  #write(): void {
    const { store } = this.#options;
    const { name, namespace = '', uid } = this.#pod.metadata;
    const pod = store.get('pods', namespace, name);
    if (pod === undefined || pod.metadata.uid !== uid) return;
    store.update('pods', { ...pod, status: this.#status() }, { status: true });
  }

  #status(): JsonObject {
    const initialized = this.#init.every((run) => run.finished);
    const unready = this.#main.filter((run) => !run.ready).map((run) => run.spec.name);
    const notReady = {
      reason: 'ContainersNotReady',
      message: `containers with unready status: [${unready.join(' ')}]`,
    };
    const unfinished = this.#init.filter((run) => !run.finished).map((run) => run.spec.name);
    const notInitialized = {
      reason: 'ContainersNotInitialized',
      message: `containers with incomplete status: [${unfinished.join(' ')}]`,
    };
    const ready = unready.length === 0;
    return {
      phase: this.#phase(),
      conditions: [
        this.#condition('Initialized', initialized, notInitialized),
        this.#condition('Ready', ready, notReady),
        this.#condition('ContainersReady', ready, notReady),
        this.#condition('PodScheduled', true, {}),
      ],
      hostIP: '127.0.0.1',
      podIP: this.#ip,
      podIPs: [{ ip: this.#ip }],
      startTime: this.#startTime,
      ...(this.#init.length === 0 ? {} : { initContainerStatuses: this.#init.map((run) => run.status) }),
      containerStatuses: this.#main.map((run) => run.status),
      qosClass: 'BestEffort',
    };
  }

  /** A pod runs once every container has started, whatever became of them. */
  #phase(): 'Pending' | 'Running' {
    return this.#main.every((run) => run.status['containerID'] !== undefined) ? 'Running' : 'Pending';
  }

  #condition(type: string, holds: boolean, otherwise: JsonObject): JsonObject {
    const status = holds ? 'True' : 'False';
    const known = this.#changedAt.get(type);
    const at = known?.status === status ? known.at : toTimestamp(this.#options.clock.now());
    this.#changedAt.set(type, { status, at });
    return {
      type,
      status,
      lastProbeTime: null,
      lastTransitionTime: at,
      ...(holds ? {} : otherwise),
    };
  }
}

function specOf(container: unknown, init: boolean): ContainerSpec {
  return {
    name: stringAt(container, 'name'),
    image: stringAt(container, 'image'),
    alwaysPull: stringAt(container, 'imagePullPolicy') === 'Always',
    init,
  };
}
