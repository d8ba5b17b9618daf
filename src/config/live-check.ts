import { orderLayers, readLiveFiles, type LiveFilesSource } from './live-files.ts';
import { resolveLive } from './live-resolution.ts';
import { environmentLayer } from './live-sources.ts';
import type { ConfigProblem, Environment } from './problem.ts';

const NOTHING = { configMap: {}, uiConfigMap: {}, secret: {} };

/** What is wrong with the files of settings that count without a restart; none of it keeps the program from starting. */
export async function checkLiveFiles(
  env: Environment,
  source: LiveFilesSource,
): Promise<readonly ConfigProblem[]> {
  const layers = orderLayers(environmentLayer(env), await readLiveFiles(source), NOTHING);
  return resolveLive(layers, undefined)
    .problems.filter(({ source: { kind } }) => kind === 'file')
    .map(({ source: { name }, key, value, expected }) => ({
      variable: key === '' ? name : `${name}: ${key}`,
      value,
      expected,
    }));
}
