import { describe, expect, it } from 'vitest';
import { compareRunning, digestOfImageId } from './running.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;

describe('what the pods run', () => {
  it.each<[string, { digests: string[]; otherNames?: string[] }, 'same' | 'different' | 'unknown']>([
    ['is the digest', { digests: [A] }, 'same'],
    ["is one of the index's manifests", { digests: [B], otherNames: [B] }, 'same'],
    ['is another digest', { digests: [B] }, 'different'],
    ['is another digest in one of them', { digests: [A, B] }, 'different'],
    ['is not known', { digests: [] }, 'unknown'],
  ])('%s', (_name, { digests, otherNames = [] }, expected) => {
    expect(compareRunning({ digests, otherNames }, A)).toBe(expected);
  });

  it.each([
    ['containerd', `docker.io/library/nginx@${A}`, A],
    ['containerd with a port', `127.0.0.1:5000/x/y@${A}`, A],
    ['dockershim', `docker-pullable://nginx@${A}`, A],
    ['dockershim, built on the node', `docker://${A}`, A],
    ['CRI-O, by id', A, A],
    ['an image that is not pulled yet', '', undefined],
    ['a short digest', 'nginx@sha256:abc', undefined],
    ['a name that only looks like one', `nginx-${A}`, undefined],
  ])('is read from the image ID as of %s', (_name, imageId, digest) => {
    expect(digestOfImageId(imageId)).toBe(digest);
  });
});
