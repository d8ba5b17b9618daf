/** What a node is, and what an image is built for; both in the words of Go: `linux`, `amd64`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** Whether an image can run on any of the nodes that its workload may land on. */
export type PlatformFinding =
  | { readonly fits: 'yes' }
  | { readonly fits: 'no'; readonly message: string }
  /** The message is for a person; empty where there is nothing to tell. */
  | { readonly fits: 'unknown'; readonly message: string };

/**
 * Compares what an image is built for with the nodes that a workload may land on. One node that it runs on is enough:
 * the scheduler does not know what an image is built for, but a workload that may land anywhere is mostly bound by other
 * means. Variants (arm v6, v7) are not compared, since nodes do not tell theirs.
 */
export function findPlatform(image: readonly Platform[], nodes: readonly Platform[]): PlatformFinding {
  const built = distinct(image);
  const wanted = distinct(nodes);
  // Nodes that are not known rule nothing out, and neither does an image that does not say what it is built for.
  if (built.length === 0 || wanted.length === 0) return { fits: 'unknown', message: '' };
  if (built.some((platform) => wanted.includes(platform))) return { fits: 'yes' };
  return {
    fits: 'no',
    message: `the image is built for ${built.join(', ')}, and the nodes that it may land on are ${wanted.join(', ')}`,
  };
}

function distinct(platforms: readonly Platform[]): readonly string[] {
  return [...new Set(platforms.map(({ os, architecture }) => `${os}/${architecture}`))].sort();
}
