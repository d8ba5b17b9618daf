import { createHash } from 'node:crypto';
import type { Workload } from './workload.ts';

/** What makes a request the one that it is: two proposals with the same identity are the same request. */
export interface RequestIdentity {
  readonly target: Pick<Workload, 'kind' | 'namespace' | 'name' | 'uid'>;
  readonly artifact: string;
  readonly currentImage: string;
  readonly newImage: string;
  /**
   * Tells two builds under the running tag apart, and nothing else: of another version it may be known to one who proposes
   * it and not to the next, and the version is the same.
   */
  readonly newDigest: string | undefined;
  /** 0 at first; counts up when the same update is proposed again after it expired, failed or was superseded. */
  readonly attempt: number;
  /** Of a rollback: the uid of the request that it takes back by itself, empty where a person wants it. */
  readonly rollbackOf?: string;
}

const HASH_LENGTH = 8;
const MAX_READABLE_LENGTH = 200;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

/**
 * The name of a request: readable first, then a hash of its identity. The same identity always gives the same name, so
 * that creating it twice is a no-op; kinds, containers and versions never share one. It is a DNS subdomain (RFC 1123),
 * as Kubernetes wants object names.
 */
export function requestName(identity: RequestIdentity): string {
  const version = identity.newImage.slice(identity.newImage.lastIndexOf('/') + 1).split('@')[0] ?? '';
  const tag = version.slice(version.indexOf(':') + 1);
  const { rollbackOf } = identity;
  const what = rollbackOf === undefined ? '' : 'rollback-';
  const readable = `${identity.target.name}-${identity.artifact}-${what}${tag}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_READABLE_LENGTH)
    .replace(/^-+|-+$/g, '');
  const { target } = identity;
  const isSameTag = identity.newImage === identity.currentImage;
  const hash = shortHash([
    target.kind,
    target.namespace,
    target.name,
    target.uid,
    identity.artifact,
    identity.currentImage,
    identity.newImage,
    isSameTag ? (identity.newDigest ?? '') : '',
    String(identity.attempt),
    ...(rollbackOf === undefined ? [] : ['rollback', rollbackOf]),
  ]);
  return readable === '' ? hash : `${readable}-${hash}`;
}

/** The labels by which requests are found: kind, workload and container, shortened where a label cannot hold them. */
export function requestLabels(
  target: Pick<Workload, 'kind' | 'name'>,
  artifact: string,
): Record<string, string> {
  return {
    'app.kubernetes.io/managed-by': 'headwind',
    'headwind.sh/workload-kind': target.kind,
    'headwind.sh/workload': asLabelValue(target.name),
    'headwind.sh/container': asLabelValue(artifact),
  };
}

function asLabelValue(text: string): string {
  return LABEL_VALUE.test(text)
    ? text
    : `${text.slice(0, 50).replace(/[^A-Za-z0-9]+$/, '')}-${shortHash([text])}`;
}

function shortHash(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, HASH_LENGTH);
}
