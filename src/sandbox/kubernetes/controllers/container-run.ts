import { createHash } from 'node:crypto';
import { toTimestamp, type Clock } from '../../../core/clock.ts';
import type { JsonObject } from '../json.ts';
import type { EventText } from './event-writer.ts';
import type { ImageStore, PulledImage } from './images.ts';
import type { Pace } from './pace.ts';

/** The label of an image that says how its containers behave. */
export const BEHAVIOUR_LABEL = 'headwind.demo/behaviour';

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly alwaysPull: boolean;
  /** An init container: it ends by itself, and well, unless its image says otherwise. */
  readonly init: boolean;
}

export interface ContainerRunOptions {
  readonly spec: ContainerSpec;
  /** `name_namespace(uid)`, as messages of the kubelet name it. */
  readonly podTitle: string;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly images: ImageStore;
  /** After each change of `status`. */
  readonly onChange: () => void;
  readonly onEvent: (event: EventText) => void;
}

/** One container from pulling to running, as the kubelet reports it; no process is started. */
export class ContainerRun {
  readonly spec: ContainerSpec;
  readonly #options: ContainerRunOptions;
  #state: JsonObject;
  #lastState: JsonObject = {};
  #pulled: PulledImage | undefined;
  #restarts = 0;
  #failedPulls = 0;
  #ready = false;
  #finished = false;
  #containerId = '';
  #cancel: () => void = () => {};

  constructor(options: ContainerRunOptions, waitingReason: string) {
    this.#options = options;
    this.spec = options.spec;
    this.#state = { waiting: { reason: waitingReason } };
  }

  /** Pulls and starts; later steps follow by themselves. */
  start(): void {
    this.#pull();
  }

  /** Takes back what is planned. */
  stop(): void {
    this.#cancel();
  }

  /** Whether an init container has done its work. */
  get finished(): boolean {
    return this.#finished;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** The `ContainerStatus` of the API. */
  get status(): JsonObject {
    const { name, image, init } = this.spec;
    return {
      name,
      image,
      imageID: this.#pulled?.imageId ?? '',
      ...(this.#containerId === '' ? {} : { containerID: this.#containerId }),
      ready: this.#ready,
      ...(init ? {} : { started: 'running' in this.#state }),
      restartCount: this.#restarts,
      state: this.#state,
      lastState: this.#lastState,
    };
  }

  #after(delayMs: number, run: () => void): void {
    this.#cancel = this.#options.clock.after(delayMs, run);
  }

  #say(type: EventText['type'], reason: string, message: string): void {
    this.#options.onEvent({ type, reason, message });
  }

  #become(state: JsonObject): void {
    this.#state = state;
    this.#options.onChange();
  }

  #pull(): void {
    const { image, alwaysPull } = this.spec;
    const { images, pace } = this.#options;
    const kept = alwaysPull ? undefined : images.kept(image);
    if (kept !== undefined) {
      this.#say('Normal', 'Pulled', `Container image "${image}" already present on machine`);
      this.#pulled = kept;
      this.#run();
      return;
    }
    this.#say('Normal', 'Pulling', `Pulling image "${image}"`);
    this.#after(pace.pullMs, () => this.#pullEnds());
  }

  #pullEnds(): void {
    const { image } = this.spec;
    const { images, pace } = this.#options;
    const answer = images.pull(image);
    if (answer.image !== undefined) {
      this.#say('Normal', 'Pulled', `Successfully pulled image "${image}" in ${pace.pullMs}ms`);
      this.#pulled = answer.image;
      this.#run();
      return;
    }
    this.#say('Warning', 'Failed', `Failed to pull image "${image}": ${answer.message}`);
    this.#say('Warning', 'Failed', 'Error: ErrImagePull');
    this.#become({ waiting: { reason: 'ErrImagePull', message: answer.message } });
    const backOffMs = this.#backOff(this.#failedPulls);
    this.#failedPulls += 1;
    // The kubelet shows the error itself for a moment, then that it waits.
    this.#after(backOffMs / 2, () => {
      const message = `Back-off pulling image "${image}"`;
      this.#say('Normal', 'BackOff', message);
      this.#say('Warning', 'Failed', 'Error: ImagePullBackOff');
      this.#become({ waiting: { reason: 'ImagePullBackOff', message } });
      this.#after(backOffMs / 2, () => this.#pull());
    });
  }

  #run(): void {
    const { clock, pace, podTitle } = this.#options;
    const startedAt = toTimestamp(clock.now());
    const hash = createHash('sha256').update(`${podTitle}/${this.spec.name}/${this.#restarts}`);
    this.#containerId = `containerd://${hash.digest('hex')}`;
    this.#say('Normal', 'Created', `Created container ${this.spec.name}`);
    this.#say('Normal', 'Started', `Started container ${this.spec.name}`);
    const behaviour = this.#pulled?.labels[BEHAVIOUR_LABEL] ?? '';
    this.#become({ running: { startedAt } });
    if (behaviour === 'crash') this.#after(pace.crashMs, () => this.#crash(startedAt));
    else if (this.spec.init) this.#after(pace.initMs, () => this.#succeed(startedAt));
    else if (behaviour !== 'never-ready') this.#after(pace.readyMs, () => this.#turnReady());
    else this.#after(pace.readyMs, () => this.#unhealthy());
  }

  #turnReady(): void {
    this.#ready = true;
    this.#options.onChange();
  }

  #unhealthy(): void {
    this.#say('Warning', 'Unhealthy', 'Readiness probe failed: the image never becomes ready');
    this.#after(this.#options.pace.lastBackOffMs / 3, () => this.#unhealthy());
  }

  #succeed(startedAt: string): void {
    this.#finished = true;
    this.#ready = true;
    this.#become({ terminated: this.#ended(startedAt, { exitCode: 0, reason: 'Completed' }) });
  }

  #crash(startedAt: string): void {
    const terminated = this.#ended(startedAt, { exitCode: 1, reason: 'Error' });
    this.#become({ terminated });
    // The kubelet restarts at once the first time and waits longer and longer from then on.
    if (this.#restarts === 0) {
      this.#restart({ terminated });
      return;
    }
    const backOffMs = this.#backOff(this.#restarts - 1);
    this.#lastState = { terminated };
    this.#say('Warning', 'BackOff', 'Back-off restarting failed container');
    const message = `back-off ${backOffMs / 1000}s restarting failed container=${this.spec.name} pod=${this.#options.podTitle}`;
    this.#become({ waiting: { reason: 'CrashLoopBackOff', message } });
    this.#after(backOffMs, () => this.#restart({ terminated }));
  }

  #restart(lastState: JsonObject): void {
    this.#lastState = lastState;
    this.#restarts += 1;
    this.#pull();
  }

  #ended(startedAt: string, how: { readonly exitCode: number; readonly reason: string }): JsonObject {
    const finishedAt = toTimestamp(this.#options.clock.now());
    return { ...how, startedAt, finishedAt, containerID: this.#containerId };
  }

  #backOff(count: number): number {
    const { firstBackOffMs, lastBackOffMs } = this.#options.pace;
    return Math.min(lastBackOffMs, firstBackOffMs * 2 ** Math.min(count, 20));
  }
}
