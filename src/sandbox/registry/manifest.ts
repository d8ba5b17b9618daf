import { z } from 'zod';
import { RegistryError } from './registry-error.ts';

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

const IMAGE_TYPES: ReadonlySet<string> = new Set([OCI_MANIFEST, DOCKER_MANIFEST]);
const INDEX_TYPES: ReadonlySet<string> = new Set([OCI_INDEX, DOCKER_LIST]);

const Descriptor = z.object({ mediaType: z.string().optional(), digest: z.string() });
/** Layers kept elsewhere (`urls`) are never pushed. */
const Layer = z.object({ digest: z.string(), urls: z.array(z.string()).optional() });

const Manifest = z.object({
  mediaType: z.string().optional(),
  config: Descriptor.optional(),
  layers: z.array(Layer).optional(),
  manifests: z.array(Descriptor).optional(),
});

export interface ManifestFacts {
  readonly mediaType: string;
  /** Blobs that must be in the repository before the manifest. */
  readonly blobs: readonly string[];
  /** Manifests that must be in the repository before an index. */
  readonly manifests: readonly string[];
  /** The image's configuration, absent for an index. */
  readonly config: string | undefined;
}

/**
 * Reads what a manifest refers to. `contentType` is the request's header and, when the manifest names its own media
 * type, both must agree.
 * @throws RegistryError MANIFEST_INVALID
 */
export function readManifest(bytes: Uint8Array, contentType: string): ManifestFacts {
  const parsed = Manifest.safeParse(parseJson(bytes));
  if (!parsed.success) throw new RegistryError('MANIFEST_INVALID', 'the manifest has not the shape of one');
  const mediaType = mediaTypeOf(parsed.data, contentType);
  const { config, layers = [], manifests = [] } = parsed.data;
  if (INDEX_TYPES.has(mediaType))
    return { mediaType, blobs: [], manifests: manifests.map((child) => child.digest), config: undefined };
  if (config === undefined) throw new RegistryError('MANIFEST_INVALID', 'an image manifest needs a config');
  const own = layers.filter((layer) => layer.urls === undefined || layer.urls.length === 0);
  const blobs = [config.digest, ...own.map((layer) => layer.digest)];
  return { mediaType, blobs, manifests: [], config: config.digest };
}

function mediaTypeOf(manifest: z.infer<typeof Manifest>, contentType: string): string {
  const declared = contentType.split(';')[0]?.trim() ?? '';
  const mediaType = declared === '' ? (manifest.mediaType ?? OCI_MANIFEST) : declared;
  if (!IMAGE_TYPES.has(mediaType) && !INDEX_TYPES.has(mediaType))
    throw new RegistryError('MANIFEST_INVALID', `"${mediaType}" is not a media type of manifests`);
  if (manifest.mediaType !== undefined && manifest.mediaType !== mediaType)
    throw new RegistryError(
      'MANIFEST_INVALID',
      'the manifest and the Content-Type header name different types',
    );
  return mediaType;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return parsed;
  } catch (cause) {
    throw new RegistryError('MANIFEST_INVALID', 'the manifest is not JSON', { cause: String(cause) });
  }
}
