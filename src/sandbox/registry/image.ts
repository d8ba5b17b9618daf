import { gzipSync } from 'node:zlib';
import { sha256Of } from './digest.ts';
import { OCI_MANIFEST } from './manifest.ts';

const BLOCK = 512;

export interface ImageOptions {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** The text of the one file in the image, `/version`: another text is another digest. */
  readonly content: string;
}

export interface TinyImage {
  readonly manifest: Uint8Array;
  readonly config: Uint8Array;
  readonly layer: Uint8Array;
}

/**
 * A valid OCI image of one layer with one file. The same options give the same bytes, so the same digest
 * (https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md).
 */
export function tinyImage({ labels = {}, content }: ImageOptions): TinyImage {
  const archive = tarOf('version', Buffer.from(content));
  const layer = gzipSync(archive);
  const config = Buffer.from(
    JSON.stringify({
      created: '1970-01-01T00:00:00Z',
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['/version'], Labels: labels },
      rootfs: { type: 'layers', diff_ids: [sha256Of(archive)] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'headwind demo' }],
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: [descriptor('application/vnd.oci.image.layer.v1.tar+gzip', layer)],
    }),
  );
  return { manifest, config, layer };
}

/** How a manifest names bytes of a type. */
export function descriptor(mediaType: string, bytes: Uint8Array): object {
  return { mediaType, digest: sha256Of(bytes), size: bytes.byteLength };
}

/** A tar archive (POSIX ustar) with one file. */
export function tarOf(name: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.byteLength.toString(8).padStart(11, '0')}\0`, 124);
  header.write(`${'0'.repeat(11)}\0`, 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((BLOCK - (content.byteLength % BLOCK)) % BLOCK);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK)]);
}
