import { z } from 'zod';
import { UpdateRequest } from '../../core/update-request.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { requestsPath } from '../../pipeline/request-store.ts';
import { FailedError } from '../exit.ts';

const PAGE_SIZE = 500;
const MAX_PAGES = 200;

const Page = z.object({
  items: z.array(z.unknown()),
  metadata: z.object({ continue: z.string().optional() }).default({}),
});
/** All update requests of a namespace, or of all. Throws FailedError where there are too many, and what the client throws. */
export async function listRequests(
  client: Pick<KubernetesClient, 'request'>,
  namespace: string | undefined,
): Promise<UpdateRequest[]> {
  const found: UpdateRequest[] = [];
  let next: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const query = { limit: PAGE_SIZE, continue: next };
    const page = Page.parse(await client.request({ method: 'GET', path: requestsPath(namespace), query }));
    for (const item of page.items) {
      const request = UpdateRequest.safeParse(item);
      // One that somebody wrote past the schema hides no other.
      if (request.success) found.push(request.data);
    }
    next = page.metadata.continue;
    if (next === undefined || next === '') return found;
  }
  throw new FailedError(`there are more than ${MAX_PAGES * PAGE_SIZE} update requests; name a namespace`);
}
