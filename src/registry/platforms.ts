import { LRUCache } from 'lru-cache';
import { atMost } from '../core/at-most.ts';
import { z } from 'zod';
import { isDigest } from '../core/image-reference.ts';
import type { Platform } from '../core/platform.ts';
import type { Told } from './answer.ts';
import type { Asker } from './asker.ts';
import { askJson, IMAGE_TYPES, INDEX_TYPES, MAX_MANIFEST_BYTES, type ByDigest } from './by-digest.ts';
import { Unavailable } from './failure.ts';
import { identityKey } from './identity.ts';

/** What an image is built for. */
export interface ImagePlatforms {
  /** Empty where it does not say. */
  readonly platforms: readonly Platform[];
  /** What else a container runtime may call it: an index's manifests, or a single image's configuration. */
  readonly otherNames: readonly string[];
}

export interface PlatformReader {
  /** Throws Unavailable where the answers decide nothing. */
  read(question: ByDigest): Promise<Told<ImagePlatforms>>;
}

const MAX_KEPT = 2000;
/** Docker's own indexes hold about thirty; this many are kept of one. */
const MAX_IN_INDEX = 200;
/** Of the types of configuration only these tell a platform; those of charts and other artifacts do not. */
const CONFIG_TYPES = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];
const MAX_CONFIG_BYTES = 1024 * 1024;

const Digest = z.string().refine(isDigest);
const Known = z.string().refine((text) => text !== '' && text !== 'unknown');
const PlatformFields = z.object({ os: Known, architecture: Known });

/**
 * An index of images (https://github.com/opencontainers/image-spec/blob/v1.1.0/image-index.md). What BuildKit attaches
 * to it (provenance, bills of material) is listed like an image, for the platform `unknown/unknown`.
 */
const Index = z.object({
  manifests: z.array(z.object({ digest: Digest, platform: z.unknown() }).nullable().catch(null)),
});
const Manifest = z.object({ config: z.object({ mediaType: z.string(), digest: Digest }) });

/** Makes a reader that remembers what it was told, by registry, identity and digest. */
export function createPlatformReader(asker: Asker): PlatformReader {
  const kept = new LRUCache<string, ImagePlatforms>(atMost(MAX_KEPT));
  return {
    async read(question) {
      const { address, identity, digest } = question;
      const key = JSON.stringify([address.base.href, identityKey(identity), digest]);
      const known = kept.get(key);
      if (known !== undefined) return { kind: 'told', value: known };
      const told = await findPlatforms(asker, question);
      if (told.kind === 'told') kept.set(key, told.value);
      return told;
    },
  };
}

/** Asks for the manifest with this digest and, where it is that of a single image, for its configuration. */
async function findPlatforms(asker: Asker, question: ByDigest): Promise<Told<ImagePlatforms>> {
  const asked = await askJson(asker, question, {
    path: `manifests/${question.digest}`,
    accept: [...INDEX_TYPES, ...IMAGE_TYPES].join(', '),
    maxBodyBytes: MAX_MANIFEST_BYTES,
  });
  if (asked.kind !== 'told') return asked;
  const index = Index.safeParse(asked.value);
  if (index.success) return { kind: 'told', value: ofIndex(index.data) };
  const manifest = Manifest.safeParse(asked.value);
  if (!manifest.success)
    throw new Unavailable(`${question.address.base.host} answered with something that is no image manifest`);
  const { mediaType, digest } = manifest.data.config;
  const otherNames = [digest];
  if (!CONFIG_TYPES.includes(mediaType)) return { kind: 'told', value: { platforms: [], otherNames } };
  const config = await askJson(asker, question, {
    path: `blobs/${digest}`,
    accept: '*/*',
    maxBodyBytes: MAX_CONFIG_BYTES,
  });
  if (config.kind !== 'told') return config;
  return { kind: 'told', value: { platforms: platformOf(config.value), otherNames } };
}

function ofIndex({ manifests }: z.infer<typeof Index>): ImagePlatforms {
  const known = manifests.filter((manifest) => manifest != null).slice(0, MAX_IN_INDEX);
  return {
    platforms: known.flatMap(({ platform }) => platformOf(platform)),
    otherNames: known.map(({ digest }) => digest),
  };
}

function platformOf(json: unknown): readonly Platform[] {
  const parsed = PlatformFields.safeParse(json);
  return parsed.success ? [{ os: parsed.data.os, architecture: parsed.data.architecture }] : [];
}
