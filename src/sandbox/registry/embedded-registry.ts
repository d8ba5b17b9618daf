import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isTag, toRepository } from '../../core/image-reference.ts';
import { versionOfTag } from '../../core/release-chart.ts';
import { failureAnswer, jsonAnswer, send, type Answer } from './answer.ts';
import { Content, type StoredManifest } from './content.ts';
import { tinyChart } from './chart.ts';
import { sha256Of } from './digest.ts';
import { tinyImage, type TinyImage } from './image.ts';
import { readImageLabels } from './labels.ts';
import { OCI_MANIFEST, readManifest } from './manifest.ts';
import { pushNotification, type Pusher, type PushNotification } from './notification.ts';
import { getBlob, getManifest, listRepositories, listTags, requireRepository } from './pull-api.ts';
import {
  appendToUpload,
  beginUpload,
  cancelUpload,
  finishUpload,
  putManifest,
  uploadStatus,
} from './push-api.ts';
import { RegistryError } from './registry-error.ts';
import { routeOf, type Route } from './route.ts';
import { Uploads } from './uploads.ts';

const MEBIBYTE = 1024 * 1024;

export interface EmbeddedRegistryOptions {
  /** `127.0.0.1` unless told: the registry asks nobody who they are. */
  readonly host?: string;
  /** A free one unless told. */
  readonly port?: number;
  /** The largest blob, in bytes; 128 MiB unless told. */
  readonly maxBlobBytes?: number;
  /** All that is kept, in bytes; 512 MiB unless told. */
  readonly maxTotalBytes?: number;
  /** The time of the notifications, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Called after each manifest that was pushed by tag. Who delivers it retries and reports; a rejection is dropped. */
  readonly onPush?: (notification: PushNotification) => void | Promise<void>;
}

export interface PushOptions {
  readonly repository: string;
  readonly tag: string;
  /** An image unless told; a chart is named by the last part of its repository, and has no labels. */
  readonly type?: 'image' | 'chart';
  readonly labels?: Readonly<Record<string, string>>;
  /** Another content makes another digest under the same tag; the tag itself unless told. */
  readonly content?: string;
}

export interface ImageFacts {
  readonly digest: string;
  /** Empty for an index. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface EmbeddedRegistry {
  readonly url: string;
  /** `127.0.0.1:PORT`: how image references name it. */
  readonly host: string;
  readonly port: number;
  /**
   * Makes a tiny valid image, or chart, and puts it into the registry, as a push over HTTP would.
   * @throws RegistryError for a bad repository or tag, or when the registry is full
   */
  push(options: PushOptions): Promise<{ readonly digest: string }>;
  /** Digest and labels of the image under a tag or digest; undefined when there is none. */
  inspect(repository: string, reference: string): ImageFacts | undefined;
  close(): Promise<void>;
}

/**
 * Starts an OCI registry in memory: the pull and push API of
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md without referrers and without blob deletion.
 */
export async function startEmbeddedRegistry(options: EmbeddedRegistryOptions): Promise<EmbeddedRegistry> {
  const registry = new Registry(options);
  await registry.listen(options.host ?? '127.0.0.1', options.port ?? 0);
  return registry;
}

class Registry implements EmbeddedRegistry {
  readonly #content: Content;
  readonly #uploads: Uploads;
  readonly #server: Server;
  readonly #options: EmbeddedRegistryOptions;
  readonly #instance = randomUUID();
  host = '';
  port = 0;

  constructor(options: EmbeddedRegistryOptions) {
    this.#options = options;
    this.#content = new Content({
      totalBytes: options.maxTotalBytes ?? 512 * MEBIBYTE,
      repositories: 1_000,
    });
    this.#uploads = new Uploads(this.#content, options.maxBlobBytes ?? 128 * MEBIBYTE);
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.maxConnections = 256;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const address = this.#server.address();
    this.port = typeof address === 'object' ? (address?.port ?? port) : port;
    this.host = `${host}:${this.port}`;
  }

  push(options: PushOptions): Promise<{ readonly digest: string }> {
    // Everything is in memory: the promise is for callers that push over a network one day.
    return Promise.resolve().then(() => {
      const { repository, tag } = options;
      const named = toRepository(this.host, repository);
      if (!named.ok) throw new RegistryError('NAME_INVALID', named.error);
      if (!isTag(tag)) throw new RegistryError('TAG_INVALID', `"${tag}" is not a tag`);
      const image = contentOf(options);
      for (const blob of [image.config, image.layer]) {
        this.#content.reserve(blob.byteLength);
        this.#content.addBlob(repository, sha256Of(blob), blob);
      }
      const facts = readManifest(image.manifest, OCI_MANIFEST);
      const manifest = this.#content.addManifest(repository, image.manifest, { facts, tag });
      this.#notify(
        { repository, tag, manifest },
        { host: this.host, addr: this.host, userAgent: 'headwind-demo' },
      );
      return { digest: manifest.digest };
    });
  }

  inspect(repository: string, reference: string): ImageFacts | undefined {
    const manifest = this.#content.manifest(repository, reference);
    if (manifest === undefined) return undefined;
    const config =
      manifest.config === undefined ? undefined : this.#content.blob(repository, manifest.config);
    return { digest: manifest.digest, labels: readImageLabels(config) };
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that goes away in the middle is no error of ours.
    response.on('error', () => {});
    try {
      send(response, await this.#answer(request));
    } catch (error) {
      if (!response.headersSent) send(response, failureAnswer(error));
    }
    // What is left of a body that was refused must not keep the connection busy.
    if (!request.complete) request.resume();
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', 'http://registry.invalid');
    const route = routeOf(url.pathname);
    if (route === undefined) return { status: 404 };
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
    const answer =
      method === 'GET'
        ? this.#read(route, request, url.searchParams)
        : await this.#write(`${method} ${route.kind}`, route, { query: url.searchParams, body: request });
    if (answer === undefined) throw new RegistryError('UNSUPPORTED', 'the operation is unsupported');
    return answer;
  }

  #read(route: Route, request: IncomingMessage, query: URLSearchParams): Answer | undefined {
    switch (route.kind) {
      case 'base':
        return jsonAnswer({});
      case 'catalog':
        return listRepositories(this.#content, query);
      case 'tags':
        return listTags(this.#content, route.repository, query);
      case 'manifest':
        return getManifest(this.#content, route, request);
      case 'blob':
        return getBlob(this.#content, route, request);
      case 'upload':
        return uploadStatus(this.#uploads, route);
      case 'uploads':
      default:
        return undefined;
    }
  }

  async #write(
    operation: string,
    route: Route,
    request: { readonly query: URLSearchParams; readonly body: IncomingMessage },
  ): Promise<Answer | undefined> {
    if (route.kind === 'uploads' && operation === 'POST uploads')
      return beginUpload({ content: this.#content, uploads: this.#uploads }, route.repository, request);
    if (route.kind === 'upload') return this.#writeUpload(operation, route, request);
    if (route.kind !== 'manifest') return undefined;
    if (operation === 'PUT manifest') return this.#putManifest(route, request.body);
    return operation === 'DELETE manifest' ? this.#deleteManifest(route) : undefined;
  }

  async #writeUpload(
    operation: string,
    route: { readonly repository: string; readonly id: string },
    { query, body }: { readonly query: URLSearchParams; readonly body: IncomingMessage },
  ): Promise<Answer | undefined> {
    if (operation === 'PATCH upload') return appendToUpload(this.#uploads, route, body);
    if (operation === 'PUT upload')
      return finishUpload(this.#uploads, route, { digest: query.get('digest') ?? '', body });
    return operation === 'DELETE upload' ? cancelUpload(this.#uploads, route) : undefined;
  }

  async #putManifest(
    route: { readonly repository: string; readonly reference: string },
    request: IncomingMessage,
  ): Promise<Answer> {
    const { answer, manifest, tag } = await putManifest(this.#content, route, request);
    const pusher = {
      host: request.headers.host ?? this.host,
      addr: `${request.socket.remoteAddress ?? ''}:${request.socket.remotePort ?? 0}`,
      userAgent: request.headers['user-agent'] ?? '',
    };
    if (tag !== undefined) this.#notify({ repository: route.repository, tag, manifest }, pusher);
    return answer;
  }

  #deleteManifest(route: { readonly repository: string; readonly reference: string }): Answer {
    requireRepository(this.#content, route.repository);
    if (this.#content.removeManifest(route.repository, route.reference)) return { status: 202 };
    throw new RegistryError('MANIFEST_UNKNOWN', 'manifest unknown', { reference: route.reference });
  }

  #notify(
    pushed: { readonly repository: string; readonly tag: string; readonly manifest: StoredManifest },
    pusher: Pusher,
  ): void {
    const { onPush, now } = this.#options;
    if (onPush === undefined) return;
    const source = { addr: this.host, instanceID: this.#instance };
    const notification = pushNotification({ ...pushed, pusher, source, nowMs: now() });
    void Promise.resolve()
      .then(() => onPush(notification))
      .catch(() => {});
  }
}

function contentOf({ repository, tag, type, labels, content = tag }: PushOptions): TinyImage {
  if (type !== 'chart') return tinyImage({ labels, content });
  return tinyChart({ name: repository.replace(/^.*\//, ''), version: versionOfTag(tag) });
}
