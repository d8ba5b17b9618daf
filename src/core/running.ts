/** What the pods of a workload's current revision run in one of its containers. */
export interface RunningDigests {
  /** One for each different image that runs; empty where no pod is known to run any. */
  readonly digests: readonly string[];
  /**
   * What else the tag's digest may be called in a pod's status: the manifests of the platforms in an index, and the
   * configuration of an image that is none.
   */
  readonly otherNames: readonly string[];
}

/**
 * Whether the pods run the image with this digest. They do if all of them do: where some were started before the
 * tag moved and some after it, the workload is not on one image yet.
 */
export function compareRunning(
  { digests, otherNames }: RunningDigests,
  digest: string,
): 'same' | 'different' | 'unknown' {
  if (digests.length === 0) return 'unknown';
  const isTheSame = (running: string): boolean => running === digest || otherNames.includes(running);
  return digests.every(isTheSame) ? 'same' : 'different';
}

const DIGEST_AT_END = /(?:^|@|\/)(sha256:[0-9a-f]{64})$/;

/**
 * The digest in a container status' `imageID`. Runtimes write `docker.io/library/nginx@sha256:…` (containerd),
 * `docker-pullable://nginx@sha256:…` (dockershim) or the image's own id, `docker://sha256:…` and `sha256:…`.
 * Undefined while nothing has been pulled.
 */
export function digestOfImageId(imageId: string): string | undefined {
  return DIGEST_AT_END.exec(imageId)?.[1];
}
