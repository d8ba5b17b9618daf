import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { dump, loadAll } from 'js-yaml';
import { requirePart } from './binaries.ts';
import { Manifest } from './manifests.ts';

/** Where the chart is. */
export const CHART = fileURLToPath(new URL('../../charts/headwind', import.meta.url));

export interface Helm {
  /** What the command prints; throws with what it says where it fails. */
  run(...args: readonly string[]): Promise<string>;
  /** The objects that the chart makes of these values, in Helm's order. */
  template(options?: RenderOptions): Promise<readonly Manifest[]>;
  /** Keeps the values in a file, whose path it answers. */
  valuesFile(values: object): Promise<string>;
  close(): Promise<void>;
}

export interface RenderOptions {
  readonly values?: object;
  /** `headwind` unless told. */
  readonly release?: string;
  /** `headwind-system` unless told. */
  readonly namespace?: string;
  /** As the chart sees it, such as `1.33`; 1.33 unless told. */
  readonly kubeVersion?: string;
}

/** The real helm with a home of its own, and with this kubeconfig if told. */
export async function startHelm(kubeconfigPath?: string): Promise<Helm> {
  const binary = requirePart('helm', process.env);
  const home = await mkdtemp(join(tmpdir(), 'headwind-helm-'));
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    // Without one it would look for a cluster where kubectl does.
    KUBECONFIG: kubeconfigPath ?? join(home, 'none'),
  };
  let files = 0;
  const run: Helm['run'] = async (...args) =>
    (await promisify(execFile)(binary, args, { env, timeout: 120_000, maxBuffer: 16 * 1024 * 1024 })).stdout;
  const valuesFile: Helm['valuesFile'] = async (values) => {
    files += 1;
    const path = join(home, `values-${files}.yaml`);
    await writeFile(path, dump(values));
    return path;
  };
  return {
    run,
    valuesFile,
    async template({
      values = {},
      release = 'headwind',
      namespace = 'headwind-system',
      kubeVersion = '1.33',
    } = {}) {
      const file = await valuesFile(values);
      const place = ['--namespace', namespace, '--kube-version', kubeVersion];
      const rendered = await run('template', release, CHART, ...place, '--values', file);
      const documents = loadAll(rendered).filter((document) => document != null);
      return documents.map((document) => Manifest.parse(document));
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}
