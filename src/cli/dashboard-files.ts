import { fileURLToPath } from 'node:url';
import { openAssets, type Assets } from '../http/assets.ts';

/** Put in by the build; absent where the program runs from its sources. */
declare const HEADWIND_VERSION: string | undefined;

/** The built dashboard, which lies beside the built program; undefined where it has not been built. */
export async function openDashboardFiles(): Promise<Assets | undefined> {
  const place = typeof HEADWIND_VERSION === 'string' ? './ui/' : '../../dist/ui/';
  try {
    return await openAssets(fileURLToPath(new URL(place, import.meta.url)));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
