import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { Workload } from '../../core/workload.ts';
import { createKubernetesClient } from '../../kubernetes/client.ts';
import { createRequestStore, type RequestStore } from '../../pipeline/request-store.ts';
import { FailedError } from '../exit.ts';
import { programVersion } from '../version.ts';
import { readWorkloads } from './cluster-workloads.ts';
import { listRequests } from './list-requests.ts';
import { readManifests, type ManifestText } from './manifests.ts';
import { readWorkloadName } from './names.ts';
import type { PluginOptions } from './options.ts';
import { explained } from './refusal.ts';
import { connect, type PluginRun } from './session.ts';

/** What is simulated on. */
export interface Ground {
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly requests: RequestStore;
  readonly notes: readonly string[];
}

const MAX_FILE = 64 * 1024 * 1024;

/** What the caller may see in the cluster. Throws FailedError where that is nothing. */
export async function fromCluster(
  run: PluginRun,
  options: PluginOptions,
  texts: readonly string[],
): Promise<Ground> {
  const connection = await connect(run, options).catch((error: unknown) => {
    throw new FailedError(error instanceof Error ? error.message : String(error), { cause: error });
  });
  const own = options.namespace ?? connection.namespace ?? 'default';
  const namespace = options.allNamespaces ? undefined : own;
  const names = texts.map((text) => ({ namespace: own, ...readWorkloadName(text, options.kind) }));
  const client = createKubernetesClient({ connection, version: programVersion() });
  const attempt = { what: 'see workloads and their update requests', namespace, role: 'headwind-viewer' };
  try {
    return await explained(attempt, async () => {
      const { selector } = options;
      const { workloads, refused } = await readWorkloads(client, { namespace, names, selector });
      const requests = createRequestStore(client);
      for (const request of await listRequests(client, namespace)) requests.observe(request);
      const notes = refused.map((kind) => `you may not list ${kind}s there: they are missing here`);
      return { workloads, requests, notes };
    });
  } finally {
    client.close();
  }
}

/** What manifests hold: without a cluster there are no requests and no holds. Throws FailedError. */
export async function fromFiles(
  run: PluginRun,
  options: PluginOptions,
  texts: readonly string[],
): Promise<Ground> {
  const files = await Promise.all(options.files.map((name) => readManifest(run, name)));
  const { selector, namespace = 'default' } = options;
  const { workloads, withoutPolicy } = readManifests(files, { namespace, selector });
  const names = texts.map((text) => readWorkloadName(text, options.kind));
  const isNamed = (workload: Workload): boolean =>
    names.length === 0 ||
    names.some(({ name, kind }) => workload.name === name && (kind === undefined || workload.kind === kind));
  const chosen = new Map([...workloads].filter(([, workload]) => isNamed(workload)));
  const nobody = { request: () => Promise.reject(new Error('no cluster is asked')) };
  const left = withoutPolicy.length === 0 ? [] : [`without headwind.sh/policy: ${withoutPolicy.join(', ')}`];
  return { workloads: chosen, requests: createRequestStore(nobody), notes: left };
}

async function readManifest(
  { readInput = readStandardInput }: PluginRun,
  name: string,
): Promise<ManifestText> {
  try {
    const text = name === '-' ? await readInput() : await readFile(name, 'utf8');
    if (text.length > MAX_FILE) throw new Error(`it has more than ${MAX_FILE} characters`);
    return { name: name === '-' ? 'the standard input' : name, text };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FailedError(`${name} cannot be read: ${why}`, { cause });
  }
}

function readStandardInput(): Promise<string> {
  return textOf(process.stdin);
}
