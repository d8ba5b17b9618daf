import * as sea from 'node:sea';
import { fileURLToPath } from 'node:url';
import { createAssets, openAssets, type Assets } from '../http/assets.ts';

/** Put in by the build; absent where the program runs from its sources. */
declare const HEADWIND_VERSION: string | undefined;

/** What stands before the names of the dashboard's files among the assets of a single executable. */
const EMBEDDED = 'ui/';

/**
 * The built dashboard: inside a single executable, or beside the built program; undefined where it has not been built.
 */
export async function openDashboardFiles(): Promise<Assets | undefined> {
  if (sea.isSea()) return embeddedDashboard();
  const place = typeof HEADWIND_VERSION === 'string' ? './ui/' : '../../dist/ui/';
  try {
    return await openAssets(fileURLToPath(new URL(place, import.meta.url)));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function embeddedDashboard(): Assets {
  const keys = sea.getAssetKeys().filter((key) => key.startsWith(EMBEDDED));
  return createAssets({
    names: keys.map((key) => key.slice(EMBEDDED.length)),
    read: async (name) => new Uint8Array(sea.getAsset(`${EMBEDDED}${name}`)),
  });
}
