import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { ARCHITECTURES, labelsOf, NAME, RUN, timestampOf, type Architecture, type Source } from './config.ts';
import { file, tar, type Entry } from './tar.ts';

/** One part of an image, by what it holds (https://github.com/opencontainers/image-spec/blob/main/descriptor.md). */
export interface Blob {
  readonly mediaType: string;
  /** `sha256:…` */
  readonly digest: string;
  readonly content: Buffer;
}

/** A layer, compressed. */
export interface Layer extends Blob {
  /** The digest of the archive before it was compressed. */
  readonly diffId: string;
  /** How it came to be, for `docker history`. */
  readonly says: string;
}

/** The image for one architecture. */
export interface Image {
  readonly architecture: Architecture;
  readonly manifest: Blob;
  readonly config: Blob;
  readonly layers: readonly Layer[];
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
export const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

export function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** Packs a layer with gzip, which every runtime reads. */
export async function packLayer(entries: readonly Entry[], epoch: number, says: string): Promise<Layer> {
  const archive = tar(entries, epoch);
  const content = await promisify(gzip)(archive, { level: constants.Z_BEST_COMPRESSION });
  return { mediaType: LAYER, digest: digestOf(content), content, diffId: digestOf(archive), says };
}

/** Ties layers to an image that says how it is run. */
export function assembleImage(architecture: Architecture, layers: readonly Layer[], source: Source): Image {
  const created = timestampOf(source.epoch);
  const labels = labelsOf(source);
  const { platform } = ARCHITECTURES[architecture];
  const config = jsonBlob(CONFIG, {
    created,
    ...platform,
    config: {
      User: RUN.user,
      ExposedPorts: Object.fromEntries(RUN.ports.map((port) => [`${port}/tcp`, {}])),
      Env: Object.entries(RUN.env).map(([name, value]) => `${name}=${value}`),
      Entrypoint: RUN.entrypoint,
      WorkingDir: RUN.workingDir,
      Labels: labels,
      StopSignal: RUN.stopSignal,
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ says }) => ({ created, created_by: says })),
  });
  const manifest = jsonBlob(MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor(config),
    layers: layers.map(descriptor),
    annotations: labels,
  });
  return { architecture, manifest, config, layers };
}

/**
 * The files of an image layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md) by their paths in
 * it. Several architectures are one index below one name. `digest` is what the name stands for.
 */
export function imageLayout(
  images: readonly Image[],
  source: Source,
): { readonly digest: string; readonly files: readonly Entry[] } {
  const blobs = images.flatMap(({ manifest, config, layers }) => [manifest, config, ...layers]);
  const [first] = images;
  if (first === undefined) throw new Error('an image needs an architecture');
  const several = images.length > 1 ? indexOf(images, source) : undefined;
  const top =
    several === undefined
      ? { ...descriptor(first.manifest), platform: ARCHITECTURES[first.architecture].platform }
      : descriptor(several);
  const index = {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [
      {
        ...top,
        annotations: {
          'org.opencontainers.image.ref.name': source.version,
          // What `ctr images import` calls it, and `docker load` with containerd's store of images.
          'io.containerd.image.name': `${NAME}:${source.version}`,
        },
      },
    ],
  };
  const stored = new Map(
    [...blobs, ...(several === undefined ? [] : [several])].map((blob) => [blob.digest, blob]),
  );
  return {
    digest: top.digest,
    files: [
      file('/oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' })),
      file('/index.json', JSON.stringify(index)),
      // `docker load` without containerd's store of images reads this, and knows one architecture only.
      ...(several === undefined
        ? [file('/manifest.json', JSON.stringify([dockerManifest(first, source)]))]
        : []),
      ...[...stored.values()].map(({ digest, content }) => file(`/${placeOf(digest)}`, content)),
    ],
  };
}

function indexOf(images: readonly Image[], source: Source): Blob {
  return jsonBlob(INDEX, {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: images.map(({ architecture, manifest }) => ({
      ...descriptor(manifest),
      platform: ARCHITECTURES[architecture].platform,
    })),
    annotations: labelsOf(source),
  });
}

function dockerManifest({ config, layers }: Image, { version }: Source): object {
  return {
    Config: placeOf(config.digest),
    RepoTags: [`${NAME}:${version}`],
    Layers: layers.map(({ digest }) => placeOf(digest)),
  };
}

function placeOf(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function jsonBlob(mediaType: string, value: object): Blob {
  const content = Buffer.from(JSON.stringify(value));
  return { mediaType, digest: digestOf(content), content };
}

function descriptor({ mediaType, digest, content }: Blob): {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
} {
  return { mediaType, digest, size: content.length };
}
