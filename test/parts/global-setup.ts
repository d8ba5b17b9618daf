import type { TestProject } from 'vitest/node';
import type { ControlPlaneFacts } from './control-plane-access.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The control plane that all contract and integration tests of one run share. */
    controlPlane: ControlPlaneFacts;
  }
}

/** One control plane with the number of projects that still use it. */
interface Shared {
  users: number;
  readonly started: Promise<ControlPlane>;
}

/** Vitest loads this file anew for every project: what they share hangs on the run, which is the same object for all. */
const SHARED = Symbol.for('headwind.shared-control-plane');

/** Vitest's globalSetup: starts the shared control plane for the first project that needs it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const run = project.vitest;
  const existing: Shared | undefined = Reflect.get(run, SHARED);
  const entry: Shared = existing ?? { users: 0, started: startControlPlane() };
  Reflect.set(run, SHARED, entry);
  entry.users += 1;
  const { url, ca, admin, version, directory } = await entry.started;
  project.provide('controlPlane', { url, ca, admin, version, directory });
  return async () => {
    entry.users -= 1;
    if (entry.users > 0) return;
    Reflect.deleteProperty(run, SHARED);
    await (await entry.started).stop();
  };
}
