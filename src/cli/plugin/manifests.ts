import { loadAll } from 'js-yaml';
import { z } from 'zod';
import { ANNOTATION } from '../../core/annotations.ts';
import { workloadKey, type Workload } from '../../core/workload.ts';
import {
  projectHelmRepository,
  projectOciRepository,
  type KnownSource,
} from '../../kubernetes/flux-sources.ts';
import { readRelease, resolveRelease } from '../../kubernetes/helm-release.ts';
import { WORKLOAD_KINDS } from '../../kubernetes/kinds.ts';
import { FailedError } from '../exit.ts';
import type { Selector } from './label-selector.ts';

export interface ManifestText {
  /** The file, for messages. */
  readonly name: string;
  readonly text: string;
}

export interface ReadManifests {
  readonly workloads: ReadonlyMap<string, Workload>;
  /** Workloads that Headwind leaves alone: they do not carry `headwind.sh/policy`. */
  readonly withoutPolicy: readonly string[];
}

const MAX_DEPTH = 4;
const MAX_OBJECTS = 100_000;
const Anything = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().nullish(),
    labels: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  }),
});
type Anything = z.infer<typeof Anything>;
const List = z.object({ kind: z.string().endsWith('List'), items: z.array(z.unknown()) });
const SOURCES: Readonly<Record<string, (object: unknown, apiVersion: string) => KnownSource>> = {
  HelmRepository: projectHelmRepository,
  OCIRepository: projectOciRepository,
};

/**
 * Reads the workloads of manifests as they would be once they are applied: YAML or JSON, several documents, lists. What
 * is no workload is passed over. Throws FailedError where a file is neither, or a workload cannot be read.
 */
export function readManifests(
  files: readonly ManifestText[],
  { namespace, selector }: { readonly namespace: string; readonly selector: Selector | undefined },
): ReadManifests {
  const objects = files.flatMap((file) =>
    documentsOf(file).map((object) => ({ file: file.name, object: asApplied(object, namespace) })),
  );
  if (objects.length > MAX_OBJECTS) throw new FailedError(`there are more than ${MAX_OBJECTS} objects`);
  const sources = new Map(objects.flatMap(({ object }) => sourceOf(object)));
  const workloads = new Map<string, Workload>();
  const withoutPolicy: string[] = [];
  for (const { file, object } of objects) {
    if (selector?.matches(labelsOf(object)) === false) continue;
    const workload = workloadOf(file, object);
    if (workload === undefined) continue;
    if (workload.annotations[ANNOTATION.policy] === undefined) withoutPolicy.push(workloadKey(workload));
    else
      workloads.set(
        workloadKey(workload),
        resolveRelease(workload, (source) => sources.get(sourceKey(source)) ?? 'unasked'),
      );
  }
  return { workloads, withoutPolicy };
}

function documentsOf({ name, text }: ManifestText): readonly Anything[] {
  let documents: readonly unknown[];
  try {
    documents = loadAll(text, { filename: name });
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new FailedError(`${name} is not YAML: ${why}`, { cause });
  }
  return documents.flatMap((document) => flatten(document, MAX_DEPTH));
}

function flatten(document: unknown, depth: number): readonly Anything[] {
  const list = List.safeParse(document);
  if (list.success && depth > 0) return list.data.items.flatMap((item) => flatten(item, depth - 1));
  const parsed = Anything.safeParse(document);
  return parsed.success ? [parsed.data] : [];
}

/** With what the API server would add. */
function asApplied(object: Anything, namespace: string): Anything {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      uid: 'not-applied',
      resourceVersion: '0',
      ...metadata,
      namespace: metadata.namespace ?? namespace,
    },
  };
}

function workloadOf(file: string, object: Anything): Workload | undefined {
  const { apiVersion, kind, metadata } = object;
  const descriptor = WORKLOAD_KINDS.find((known) => known.kind === kind && known.apiVersion === apiVersion);
  const isRelease = kind === 'HelmRelease' && apiVersion.startsWith('helm.toolkit.fluxcd.io/');
  try {
    if (isRelease) return readRelease(object, apiVersion);
    return descriptor?.read(object);
  } catch (cause) {
    throw new FailedError(`${file}: ${kind} ${metadata.name} cannot be read: ${problemsOf(cause)}`, {
      cause,
    });
  }
}

function problemsOf(cause: unknown): string {
  if (cause instanceof z.ZodError)
    return cause.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return String(cause);
}

function sourceOf(object: Anything): readonly (readonly [string, KnownSource])[] {
  const project = object.apiVersion.startsWith('source.toolkit.fluxcd.io/')
    ? SOURCES[object.kind]
    : undefined;
  if (project === undefined) return [];
  const known = project(object, object.apiVersion);
  return [[sourceKey(known.source), known]];
}

function sourceKey({
  kind,
  namespace,
  name,
}: {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}): string {
  return `${kind}/${namespace}/${name}`;
}

function labelsOf({ metadata }: Anything): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(metadata.labels ?? {}).map(([key, value]) => [key, String(value)]),
  );
}
