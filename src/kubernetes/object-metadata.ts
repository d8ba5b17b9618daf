import { z } from 'zod';

/** What identifies an object and one state of it. */
export const ObjectMetadata = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string(),
  resourceVersion: z.string(),
});
export type ObjectMetadata = z.infer<typeof ObjectMetadata>;

const AnObject = z.object({ metadata: ObjectMetadata });

/** The metadata of `object`; undefined if it is not a Kubernetes object. */
export function metadataOf(object: unknown): ObjectMetadata | undefined {
  const parsed = AnObject.safeParse(object);
  return parsed.success ? parsed.data.metadata : undefined;
}
