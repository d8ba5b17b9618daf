import { KubernetesError, KubernetesUnreachableError, lacksRight } from '../../kubernetes/errors.ts';
import { FailedError } from '../exit.ts';

/** What was tried when the API server refused. */
export interface Attempt {
  /** As it follows "you may not": `list update requests`. */
  readonly what: string;
  /** Undefined for all namespaces. */
  readonly namespace: string | undefined;
  /** The role that gives the right. */
  readonly role: string;
}

/** Turns what the API server says into what a person can act on. */
export async function explained<T>(attempt: Attempt, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof KubernetesUnreachableError)
      throw new FailedError(`the Kubernetes API cannot be reached: ${error.message}`, { cause: error });
    if (!(error instanceof KubernetesError)) throw error;
    throw new FailedError(messageOf(error, attempt), { cause: error });
  }
}

function messageOf(error: KubernetesError, { what, namespace, role }: Attempt): string {
  if (error.status === 404) return `${error.message} (is the UpdateRequest CRD installed?)`;
  if (error.status === 401) return `${error.message}; does "kubectl auth whoami" know you?`;
  if (!lacksRight(error)) return error.message;
  const where = namespace === undefined ? 'in all namespaces' : `in namespace "${namespace}"`;
  const binding = namespace === undefined ? 'ClusterRoleBinding' : `RoleBinding in "${namespace}"`;
  const narrower = namespace === undefined ? 'name a namespace with -n, or ask for' : 'ask for';
  return `you may not ${what} ${where}: ${error.message}\nWhat to do: ${narrower} a ${binding} to the ClusterRole ${role}`;
}
