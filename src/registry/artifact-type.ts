import { LRUCache } from 'lru-cache';
import { atMost } from '../core/at-most.ts';
import { z } from 'zod';
import type { Told } from './answer.ts';
import type { Asker } from './asker.ts';
import { askJson, IMAGE_TYPES, INDEX_TYPES, MAX_MANIFEST_BYTES, type ByDigest } from './by-digest.ts';
import { Unavailable } from './failure.ts';
import { identityKey } from './identity.ts';

/** What kind of thing a manifest describes. */
export interface ArtifactType {
  /** The media type of its configuration, which tells a chart from an image; undefined for an index of images. */
  readonly config: string | undefined;
}

export interface ArtifactTypeReader {
  /** Throws Unavailable where the answers decide nothing. */
  read(question: ByDigest): Promise<Told<ArtifactType>>;
}

const MAX_KEPT = 2000;

/** A chart's, for example: `{"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json",…},"layers":[…]}`. */
const Manifest = z.object({ config: z.object({ mediaType: z.string() }) });
const Index = z.object({ manifests: z.array(z.unknown()) });

/** Makes a reader that remembers what it was told, by registry, identity and digest. */
export function createArtifactTypeReader(asker: Asker): ArtifactTypeReader {
  const kept = new LRUCache<string, ArtifactType>(atMost(MAX_KEPT));
  return {
    async read(question) {
      const { address, identity, digest } = question;
      const key = JSON.stringify([address.base.href, identityKey(identity), digest]);
      const known = kept.get(key);
      if (known !== undefined) return { kind: 'told', value: known };
      const asked = await askJson(asker, question, {
        path: `manifests/${digest}`,
        accept: [...INDEX_TYPES, ...IMAGE_TYPES].join(', '),
        maxBodyBytes: MAX_MANIFEST_BYTES,
      });
      if (asked.kind !== 'told') return asked;
      const type = typeOf(asked.value);
      if (type === undefined)
        throw new Unavailable(`${address.base.host} answered with something that is no manifest`);
      kept.set(key, type);
      return { kind: 'told', value: type };
    },
  };
}

function typeOf(json: unknown): ArtifactType | undefined {
  const manifest = Manifest.safeParse(json);
  if (manifest.success) return { config: manifest.data.config.mediaType };
  return Index.safeParse(json).success ? { config: undefined } : undefined;
}
