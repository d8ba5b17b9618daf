import { basename } from 'node:path';

/** kubectl asks a program of this name what may follow `kubectl headwind` (Kubernetes 1.26 and newer). */
const COMPLETER = 'kubectl_complete-headwind';

/**
 * The command line of the plugin that was started as `argv0`, a path or a bare name: a single executable answers under
 * the name that kubectl asks too, through a link beside it.
 */
export function wordsFor(argv0: string, args: readonly string[]): readonly string[] {
  return basename(argv0, '.exe') === COMPLETER ? ['__complete', ...args] : args;
}
