import { LRUCache } from 'lru-cache';

export interface PulledImage {
  /** `<repository>@sha256:…`. */
  readonly imageId: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type PullAnswer =
  | { readonly image: PulledImage; readonly message?: undefined }
  /** In the words of a container runtime. */
  | { readonly image?: undefined; readonly message: string };

/** Where the sandbox's node gets images from. */
export type PullImage = (image: string) => PullAnswer;

/** What the node has pulled already, and where more comes from. */
export interface ImageStore {
  /** The image as it was when it was pulled last; undefined if it is not on the node. */
  kept(image: string): PulledImage | undefined;
  pull(image: string): PullAnswer;
}

/** How many images the node keeps. */
const LIMIT = 1000;

/** A node's images; `fetch` is asked for those that it is told to pull. */
export function createImageStore(fetch: PullImage): ImageStore {
  const images = new LRUCache<string, PulledImage>({ max: LIMIT });
  return {
    kept: (image) => images.get(image),
    pull(image) {
      const answer = fetch(image);
      if (answer.image !== undefined) images.set(image, answer.image);
      return answer;
    },
  };
}
