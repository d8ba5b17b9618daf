import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withParents, type Entry } from './tar.ts';

/** Lays the entries down below a directory, which is emptied first. */
export async function writeEntries(root: string, entries: readonly Entry[]): Promise<void> {
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  for (const entry of withParents(entries)) {
    const path = join(root, entry.path);
    if (entry.type === 'link') {
      await symlink(entry.target, path);
      continue;
    }
    if (entry.type === 'directory') await mkdir(path);
    else await writeFile(path, entry.content);
    // What the process's mask took away.
    await chmod(path, entry.mode);
  }
}
