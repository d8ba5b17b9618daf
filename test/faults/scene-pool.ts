import { openScene, type RunningScene } from './scene.ts';

/** Scenes that runs take one after the other, as many as are played at the same time. */
export interface ScenePool {
  /**
   * Plays in a scene that nobody else uses, which is opened where none is free. After a failure the scene is closed: what
   * is broken in it would be found again by the next run.
   */
  within<T>(act: (scene: RunningScene) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function createScenePool(): ScenePool {
  const free: RunningScene[] = [];
  const open = new Set<RunningScene>();

  const take = async (): Promise<RunningScene> => {
    const known = free.pop();
    if (known !== undefined) return known;
    const scene = await openScene();
    open.add(scene);
    return scene;
  };
  const close = async (scene: RunningScene): Promise<void> => {
    open.delete(scene);
    await scene.close();
  };
  return {
    async within(act) {
      const scene = await take();
      try {
        const result = await act(scene);
        free.push(scene);
        return result;
      } catch (error) {
        await close(scene);
        throw error;
      }
    },
    async close() {
      await Promise.all([...open].map(close));
    },
  };
}
