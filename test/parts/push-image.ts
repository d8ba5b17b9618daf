import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseChallenges } from '../../src/registry/challenge.ts';

export interface PushCredentials {
  readonly username: string;
  readonly password: string;
}

/** Where an image goes. */
export interface ImagePlace {
  /** The registry's address, without a path. */
  readonly url: string;
  readonly repository: string;
  readonly tag: string;
  readonly credentials?: PushCredentials | undefined;
}

export interface TinyImage extends ImagePlace {
  /** Two images with the same content are the same image. */
  readonly content: string;
}

export interface LayeredImage extends ImagePlace {
  /** Uncompressed tar archives, the lowest first. */
  readonly layers: readonly Uint8Array<ArrayBuffer>[];
  /** `config` of the image's configuration: entrypoint, labels and so on. */
  readonly config: object;
}

/** The types of what is in a chart, by which registries and their clients tell it from an image. */
const CHART_TYPES = {
  config: 'application/vnd.cncf.helm.config.v1+json',
  layer: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
};
const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar';

type Send = (path: string, init: RequestInit & { readonly expect: number }) => Promise<Response>;

/** Pushes an image of one empty layer, by `pushLayeredImage`. */
export async function pushTinyImage({ content, ...place }: TinyImage): Promise<{ readonly digest: string }> {
  // Two blocks of zeros: an empty tar archive.
  const layers = [new Uint8Array(1024)];
  return pushLayeredImage({ ...place, layers, config: { Labels: { content } } });
}

/** Pushes what `helm push` makes of a chart, but for its content: nobody here unpacks it. */
export async function pushChart(place: ImagePlace): Promise<{ readonly digest: string }> {
  const content = new TextEncoder().encode(`${place.repository} ${place.tag}`);
  const config = { name: place.repository.replace(/^.*\//, ''), version: place.tag.replaceAll('_', '+') };
  return push(place, { config, layers: [content], types: CHART_TYPES });
}

/**
 * Pushes an image, layers, configuration and manifest, by the registry's HTTP API
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push). Throws where the registry refuses.
 */
export async function pushLayeredImage(image: LayeredImage): Promise<{ readonly digest: string }> {
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: image.config,
    rootfs: { type: 'layers', diff_ids: image.layers.map(digestOf) },
  };
  return push(image, { config, layers: image.layers, types: { config: CONFIG_TYPE, layer: LAYER_TYPE } });
}

async function push(
  image: ImagePlace,
  content: {
    readonly config: object;
    readonly layers: readonly Uint8Array<ArrayBuffer>[];
    readonly types: { readonly config: string; readonly layer: string };
  },
): Promise<{ readonly digest: string }> {
  const send = await signedIn(image);
  const config = new TextEncoder().encode(JSON.stringify(content.config));
  for (const blob of [...content.layers, config]) await pushBlob(send, image.repository, blob);
  const manifest = new TextEncoder().encode(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: { mediaType: content.types.config, digest: digestOf(config), size: config.length },
      layers: content.layers.map((layer) => ({
        mediaType: content.types.layer,
        digest: digestOf(layer),
        size: layer.length,
      })),
    }),
  );
  await send(`/v2/${image.repository}/manifests/${image.tag}`, {
    method: 'PUT',
    headers: { 'content-type': MANIFEST_TYPE },
    body: manifest,
    expect: 201,
  });
  return { digest: digestOf(manifest) };
}

async function pushBlob(send: Send, repository: string, blob: Uint8Array<ArrayBuffer>): Promise<void> {
  const started = await send(`/v2/${repository}/blobs/uploads/`, { method: 'POST', expect: 202 });
  const upload = new URL(started.headers.get('location') ?? '', started.url);
  upload.searchParams.set('digest', digestOf(blob));
  await send(`${upload.pathname}${upload.search}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: blob,
    expect: 201,
  });
}

/** Learns once how the registry wants to be signed in to, and does so in every request. */
async function signedIn(image: ImagePlace): Promise<Send> {
  const ping = await fetch(`${image.url}/v2/`);
  await ping.body?.cancel();
  const authorization = ping.status === 401 ? await authorize(image, ping) : undefined;
  return async (path, { expect, ...init }) => {
    const headers = new Headers(init.headers);
    if (authorization !== undefined) headers.set('authorization', authorization);
    const response = await fetch(new URL(path, image.url), { ...init, headers });
    const text = await response.text();
    if (response.status !== expect)
      throw new Error(`${init.method ?? 'GET'} ${path}: the registry answered ${response.status}: ${text}`);
    return response;
  };
}

async function authorize(
  { credentials, repository }: ImagePlace,
  ping: Response,
): Promise<string | undefined> {
  const challenge = parseChallenges(ping.headers.get('www-authenticate') ?? '')[0];
  const basic =
    credentials === undefined
      ? undefined
      : `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  if (challenge?.scheme !== 'bearer') return basic;
  const url = new URL(challenge.parameters.get('realm') ?? '');
  url.searchParams.set('service', challenge.parameters.get('service') ?? '');
  url.searchParams.set('scope', `repository:${repository}:pull,push`);
  const response = await fetch(url, { headers: basic === undefined ? {} : { authorization: basic } });
  if (!response.ok) throw new Error(`the token server answered ${response.status}: ${await response.text()}`);
  return `Bearer ${z.object({ token: z.string() }).parse(await response.json()).token}`;
}

/** As registries name bytes: `sha256:` and 64 hexadecimal digits. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
