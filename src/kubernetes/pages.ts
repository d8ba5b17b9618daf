import { z } from 'zod';
import type { KubernetesClient } from './client.ts';

const Page = z.object({
  metadata: z.object({ continue: z.string().nullish() }).nullish(),
  items: z.array(z.unknown()).nullish(),
});

export interface PagesOptions {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly pageSize: number;
  /** No more pages than this are read. */
  readonly maxPages: number;
}

/**
 * Lists a collection in pages and hands out each object, so that no more than one page of them is held.
 * Answers whether that was all. Throws what the client throws.
 */
export async function readPages(
  { client, path, query, pageSize, maxPages }: PagesOptions,
  take: (object: unknown) => void,
): Promise<{ readonly complete: boolean }> {
  let next: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const answer = await client.request({
      method: 'GET',
      path,
      query: { ...query, limit: pageSize, continue: next },
    });
    const { metadata, items } = Page.parse(answer);
    for (const object of items ?? []) take(object);
    next = metadata?.continue ?? '';
    if (next === '') return { complete: true };
  }
  return { complete: false };
}
