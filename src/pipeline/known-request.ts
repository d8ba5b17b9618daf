import { z } from 'zod';
import { UpdateRequest } from '../core/update-request.ts';

const Identity = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
  }),
});

/**
 * Reads a request as the API server tells it. The very same version that is known already (`namespace/name`) is answered
 * instead of being read again: the answer to a write and the watch tell both of it, and whoever writes all requests would
 * check and hold each of them twice. Throws ZodError where the object is no UpdateRequest.
 */
export function readRequest(
  object: unknown,
  known: (key: string) => UpdateRequest | undefined,
): UpdateRequest {
  const identity = Identity.safeParse(object);
  if (!identity.success) return UpdateRequest.parse(object);
  const { namespace, name, uid, resourceVersion } = identity.data.metadata;
  const before = known(`${namespace}/${name}`);
  const isSame = before?.metadata.uid === uid && before.metadata.resourceVersion === resourceVersion;
  return isSame ? before : UpdateRequest.parse(object);
}
