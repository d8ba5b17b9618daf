import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { z } from 'zod';
import type { ControlPlaneAccess } from './control-plane-access.ts';
import { eventually } from './eventually.ts';

/** Where the shipped manifests are. */
export const MANIFESTS = fileURLToPath(new URL('../../deploy/k8s/', import.meta.url));

/** One object of a manifest file; everything beside its name is kept as written. */
export const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
export type Manifest = z.infer<typeof Manifest>;

const Kustomization = z.object({ resources: z.array(z.string()) });
const ResourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

/** All objects of one shipped file, such as `rbac.yaml`. */
export async function readManifests(file: string): Promise<readonly Manifest[]> {
  const documents = loadAll(await readFile(join(MANIFESTS, file), 'utf8'));
  return documents.filter((document) => document != null).map((document) => Manifest.parse(document));
}

/** The files that make up an installation, in the order in which they are applied. */
export async function installationFiles(): Promise<readonly string[]> {
  const [document] = loadAll(await readFile(join(MANIFESTS, 'kustomization.yaml'), 'utf8'));
  return Kustomization.parse(document).resources;
}

/** Applies one object as `kubectl apply --server-side` does; throws with the server's answer where it refuses. */
export async function applyManifest(access: ControlPlaneAccess, manifest: Manifest): Promise<unknown> {
  const path = await pathOf(access, manifest);
  // Servers before 1.25 drop what they do not know without a word, whatever is asked of them.
  const query = '?fieldManager=headwind-tests&force=true&fieldValidation=Strict';
  return access.expectOk('PATCH', `${path}${query}`, manifest, 'application/apply-patch+yaml');
}

/**
 * Makes a cluster ready for a Headwind that runs outside of it: namespace, CRD (and waits until it is served) and
 * RBAC, from the shipped files. The program's token is then
 * `access.serviceAccountToken('headwind-system', 'headwind')`. May be called any number of times.
 */
export async function installHeadwind(access: ControlPlaneAccess): Promise<void> {
  for (const file of ['namespace.yaml', 'crds/updaterequest.yaml', 'rbac.yaml'])
    for (const manifest of await readManifests(file)) await applyManifest(access, manifest);
  await crdEstablished(access);
}

/** Waits until the API server serves UpdateRequests. */
export async function crdEstablished(access: ControlPlaneAccess): Promise<void> {
  await eventually(
    async () => (await access.request('GET', '/apis/headwind.sh/v1alpha1/updaterequests')).status === 200,
    { what: 'the API server serves updaterequests.headwind.sh', timeoutMs: 30_000 },
  );
}

/** The path of one object at the API server, which has to know its kind. */
export async function pathOf(access: ControlPlaneAccess, manifest: Manifest): Promise<string> {
  const root = manifest.apiVersion.includes('/') ? '/apis' : '/api';
  const group = `${root}/${manifest.apiVersion}`;
  const { resources } = ResourceList.parse(await access.expectOk('GET', group));
  const resource = resources.find(({ kind, name }) => kind === manifest.kind && !name.includes('/'));
  if (resource === undefined)
    throw new Error(`the API server knows no ${manifest.kind} in ${manifest.apiVersion}`);
  const namespace = resource.namespaced ? `/namespaces/${manifest.metadata.namespace ?? 'default'}` : '';
  return `${group}${namespace}/${resource.name}/${manifest.metadata.name}`;
}
