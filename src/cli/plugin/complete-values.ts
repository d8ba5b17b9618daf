import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { createKubernetesClient } from '../../kubernetes/client.ts';
import { parseKind } from '../../core/workload-kind-name.ts';
import { listContexts } from '../../kubernetes/connection.ts';
import { programVersion } from '../version.ts';
import type { Backend } from './backend.ts';
import { listWorkloads } from './list-workloads.ts';
import { formatWorkloadName } from './names.ts';
import { readOptions } from './options.ts';
import { connect, openBackend, type CommandHome, type PluginRun } from './session.ts';

/** What the end of a word may be, where that has to be asked for. */
export type Ending = 'request' | 'pending' | 'held' | 'workload' | 'namespace' | 'context';

export interface Beginning {
  readonly ending: Ending;
  /** The words before, whose options say where to ask. */
  readonly before: readonly string[];
  readonly start: string;
}

/** Somebody waits with a finger on the key. */
const PATIENCE_MS = 3000;
const MAX_CANDIDATES = 500;
const SHORT: Readonly<Record<string, string>> = {
  Deployment: 'deploy',
  StatefulSet: 'sts',
  DaemonSet: 'ds',
  HelmRelease: 'hr',
};
const Names = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });

/** Asks for them; nothing where that fails or takes too long. */
export async function ended(home: CommandHome, beginning: Beginning): Promise<readonly string[]> {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const cancel = home.run.clock.after(PATIENCE_MS, () => resolve([]));
  const found = ask(home, beginning).catch(() => []);
  const first = await Promise.race([found, promise]);
  cancel();
  return first.slice(0, MAX_CANDIDATES);
}

async function ask(home: CommandHome, { ending, before, start }: Beginning): Promise<readonly string[]> {
  const { run } = home;
  const options = readOptions(placeOptions(before), 'completion', run.env);
  if (ending === 'context') {
    const { kubeconfig } = options;
    return listContexts({ env: run.env, kubeconfig, readFile: (path) => readFile(path, 'utf8') });
  }
  if (ending === 'namespace') return namespaces(run, options);
  const { backend, namespace } = await openBackend(run, options);
  try {
    if (ending === 'workload') return await workloads(run, options, { namespace, start });
    return await requests(backend, ending, namespace);
  } finally {
    backend.close();
  }
}

/** Where to ask, as far as the words so far say it. */
function placeOptions(words: readonly string[]): Readonly<Record<string, string>> {
  const names: Readonly<Record<string, string>> = {
    '-n': 'namespace',
    '--namespace': 'namespace',
    '--context': 'context',
    '--kubeconfig': 'kubeconfig',
    '--api-url': 'apiUrl',
    '--as': 'as',
  };
  const found: Record<string, string> = {};
  for (const [index, word] of words.entries()) {
    const [, flag = word, value = words[index + 1]] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
    const name = names[flag];
    if (name !== undefined && value !== undefined) found[name] = value;
  }
  return found;
}

async function requests(
  backend: Backend,
  ending: 'request' | 'pending' | 'held',
  namespace: string,
): Promise<readonly string[]> {
  if (ending === 'held')
    return (await backend.holds(namespace)).map(({ request, image, why }) => `${request}\t${image} ${why}`);
  const all = await backend.list(namespace);
  return all
    .filter(({ status }) => ending === 'request' || status.phase === 'Pending')
    .sort((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp))
    .map(({ metadata, spec, status }) => `${metadata.name}\t${status.phase}: ${spec.newImage}`);
}

/** Plain names, or with their kind once that has been begun. */
async function workloads(
  run: PluginRun,
  options: ReturnType<typeof readOptions>,
  { namespace, start }: { readonly namespace: string; readonly start: string },
): Promise<readonly string[]> {
  const client = createKubernetesClient({
    connection: await connect(run, options),
    version: programVersion(),
  });
  try {
    const { workloads: found } = await listWorkloads(client, { namespace });
    const slash = start.indexOf('/');
    const said = slash < 0 ? undefined : start.slice(0, slash);
    const all = [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
    const plain = all.map(({ kind, name }) => `${name}\t${kind}`);
    if (said === undefined)
      return [...plain, ...all.map(({ kind, name }) => `${SHORT[kind] ?? kind}/${name}`)];
    return all
      .filter(({ kind }) => kind === parseKind(said))
      .flatMap((workload) => [`${said}/${workload.name}`, formatWorkloadName(workload)]);
  } finally {
    client.close();
  }
}

async function namespaces(
  run: PluginRun,
  options: ReturnType<typeof readOptions>,
): Promise<readonly string[]> {
  const client = createKubernetesClient({
    connection: await connect(run, options),
    version: programVersion(),
  });
  try {
    const query = { limit: MAX_CANDIDATES };
    const answer = await client.request({ method: 'GET', path: '/api/v1/namespaces', query });
    return Names.parse(answer).items.map(({ metadata }) => metadata.name);
  } finally {
    client.close();
  }
}
