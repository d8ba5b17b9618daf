import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import {
  accessControlPlane,
  type ControlPlaneAccess,
  type ControlPlaneFacts,
} from './control-plane-access.ts';
import { applyManifest, installHeadwind, readManifests } from './manifests.ts';

/** A namespace that Headwind takes for its own: the shipped Role and objects in it, and people with and without rights. */
export interface SettingsScene {
  readonly api: ControlPlaneAccess;
  readonly namespace: string;
  /** Tokens: of whoever may see and change the settings, of one who may see them, and of one who may neither. */
  readonly people: { readonly admin: string; readonly reader: string; readonly stranger: string };
  /** One object, whole. */
  read(kind: 'configmaps' | 'secrets', name: string): Promise<SettingsObject>;
  close(): Promise<void>;
}

const SettingsObject = z.object({
  metadata: z.looseObject({
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  data: z.record(z.string(), z.string()).default({}),
});
export type SettingsObject = z.infer<typeof SettingsObject>;

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** Makes it from the shipped manifests, moved into a namespace of its own. */
export async function openSettingsScene(facts: ControlPlaneFacts): Promise<SettingsScene> {
  const api = accessControlPlane(facts);
  await installHeadwind(api);
  for (const manifest of await readManifests('optional/roles.yaml')) await applyManifest(api, manifest);
  const namespace = `settings-${randomBytes(4).toString('hex')}`;
  await api.expectOk('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const shipped = [...(await readManifests('rbac.yaml')), ...(await readManifests('configmap.yaml'))];
  for (const manifest of shipped) {
    if (!['Role', 'RoleBinding', 'ConfigMap', 'Secret'].includes(manifest.kind)) continue;
    await applyManifest(api, { ...manifest, metadata: { ...manifest.metadata, namespace } });
  }
  const person = async (name: string, ...rules: readonly object[]): Promise<string> => {
    await api.expectOk('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
    const subjects = [{ kind: 'ServiceAccount', name, namespace }];
    if (rules.length > 0) {
      await api.expectOk('POST', `${RBAC}/namespaces/${namespace}/roles`, { metadata: { name }, rules });
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
      const binding = { metadata: { name }, roleRef, subjects };
      await api.expectOk('POST', `${RBAC}/namespaces/${namespace}/rolebindings`, binding);
    }
    return api.serviceAccountToken(namespace, name);
  };
  const settings = { apiGroups: ['headwind.sh'], resources: ['settings'] };
  const people = {
    admin: await person('admin', { ...settings, verbs: ['get', 'update'] }),
    reader: await person('reader', { ...settings, verbs: ['get'] }),
    stranger: await person('stranger'),
  };
  // Metrics tell of all namespaces.
  await api.expectOk('POST', `${RBAC}/clusterrolebindings`, {
    metadata: { name: namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'headwind-viewer' },
    subjects: [{ kind: 'ServiceAccount', name: 'admin', namespace }],
  });
  return {
    api,
    namespace,
    people,
    async read(kind, name) {
      return SettingsObject.parse(
        await api.expectOk('GET', `/api/v1/namespaces/${namespace}/${kind}/${name}`),
      );
    },
    async close() {
      await api.request('DELETE', `${RBAC}/clusterrolebindings/${namespace}`);
      await api.request('DELETE', `/api/v1/namespaces/${namespace}`);
      api.disconnect();
    },
  };
}
