import { randomUUID } from 'node:crypto';
import { toTimestamp } from '../../core/clock.ts';
import type { StoredManifest } from './content.ts';

/** The media type of the envelope, as docker-registry sends it. */
export const NOTIFICATION_TYPE = 'application/vnd.docker.distribution.events.v2+json';

/**
 * What a registry tells of a push
 * (https://distribution.github.io/distribution/about/notifications/#envelope).
 */
export interface PushNotification {
  readonly events: readonly PushEvent[];
}

export interface PushEvent {
  readonly id: string;
  readonly timestamp: string;
  readonly action: 'push';
  readonly target: {
    readonly mediaType: string;
    readonly size: number;
    readonly digest: string;
    readonly length: number;
    readonly repository: string;
    readonly url: string;
    readonly tag: string;
  };
  readonly request: {
    readonly id: string;
    readonly addr: string;
    readonly host: string;
    readonly method: 'PUT';
    readonly useragent: string;
  };
  readonly actor: Readonly<Record<string, string>>;
  readonly source: { readonly addr: string; readonly instanceID: string };
}

/** Who pushed, as the request tells it. */
export interface Pusher {
  /** `host:port` that the client asked for. */
  readonly host: string;
  readonly addr: string;
  readonly userAgent: string;
}

/** The envelope for `manifest`, pushed to `repository` under `tag` at `nowMs` (epoch milliseconds). */
export function pushNotification(options: {
  readonly manifest: StoredManifest;
  readonly repository: string;
  readonly tag: string;
  readonly pusher: Pusher;
  readonly source: { readonly addr: string; readonly instanceID: string };
  readonly nowMs: number;
}): PushNotification {
  const { manifest, repository, tag, pusher, source, nowMs } = options;
  const size = manifest.bytes.byteLength;
  return {
    events: [
      {
        id: randomUUID(),
        timestamp: toTimestamp(nowMs),
        action: 'push',
        target: {
          mediaType: manifest.mediaType,
          size,
          digest: manifest.digest,
          length: size,
          repository,
          url: `http://${pusher.host}/v2/${repository}/manifests/${manifest.digest}`,
          tag,
        },
        request: {
          id: randomUUID(),
          addr: pusher.addr,
          host: pusher.host,
          method: 'PUT',
          useragent: pusher.userAgent,
        },
        actor: {},
        source,
      },
    ],
  };
}
