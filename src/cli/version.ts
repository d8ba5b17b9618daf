import { readFileSync } from 'node:fs';

/** Put in by the build; absent where the program runs from its sources. */
declare const HEADWIND_VERSION: string | undefined;

/** The program's version, from package.json. */
export function programVersion(): string {
  return typeof HEADWIND_VERSION === 'string' ? HEADWIND_VERSION : versionOfSources();
}

function versionOfSources(): string {
  const content: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const isPackage = typeof content === 'object' && content != null && 'version' in content;
  return isPackage ? String(content.version) : 'unknown';
}
