import type { ControlPlaneAccess } from './control-plane-access.ts';

/** Somebody whom the API server knows by a token. */
export interface Person {
  /** What the API server calls them. */
  readonly username: string;
  readonly token: string;
}

/** A new service account in the namespace, bound there to the ClusterRoles. */
export async function aPerson(
  access: ControlPlaneAccess,
  { namespace, name, roles }: { namespace: string; name: string; roles: readonly string[] },
): Promise<Person> {
  await access.expectOk('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
  const bindings = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`;
  for (const role of roles)
    await access.expectOk('POST', bindings, {
      metadata: { name: `${name}-${role}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
  const token = await access.serviceAccountToken(namespace, name);
  return { username: `system:serviceaccount:${namespace}:${name}`, token };
}
