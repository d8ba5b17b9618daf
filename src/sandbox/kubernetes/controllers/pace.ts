/** How long things take on the sandbox's node, in milliseconds. */
export interface Pace {
  readonly scheduleMs: number;
  readonly pullMs: number;
  /** From a started container to a ready one. */
  readonly readyMs: number;
  /** How long an init container runs. */
  readonly initMs: number;
  /** How long a container that crashes lasts. */
  readonly crashMs: number;
  /** Before the second restart and the second pull; it doubles up to the last. */
  readonly firstBackOffMs: number;
  readonly lastBackOffMs: number;
}

/** Fast enough to watch: a rollout takes seconds; back-off is ten times shorter than the kubelet's. */
export const DEMO_PACE: Pace = {
  scheduleMs: 80,
  pullMs: 350,
  readyMs: 700,
  initMs: 300,
  crashMs: 500,
  firstBackOffMs: 1_000,
  lastBackOffMs: 30_000,
};
