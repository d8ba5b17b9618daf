import { z } from 'zod';

const Page = z.object({
  metadata: z.object({ resourceVersion: z.string().min(1), continue: z.string().optional() }),
});
/** What stands before the items; of custom resources the metadata come after them. */
const Head = z.object({ metadata: Page.shape.metadata.optional() });

/**
 * Reads one page: from the beginning where `next` is undefined, else from there on. Resolves with the page without its
 * items; `onHead` is given as much of that as is known when they begin.
 */
export type ReadPage = (next: string | undefined, onHead: (page: unknown) => void) => Promise<unknown>;

interface Reading {
  readonly answer: Promise<unknown>;
  /** Where the next page begins, as soon as that is known; undefined where there is none, or it cannot be told so early. */
  readonly next: Promise<string | undefined>;
}

/**
 * Reads all pages of a list and answers its resourceVersion. The next page is asked for as soon as the one before says
 * where it begins, so that the server prepares it while this one is read: one page ahead, never more. `onPage` is called
 * for each page that is complete. Throws what `read` throws, and ZodError for what is no list.
 */
export async function readPagesAhead(read: ReadPage, onPage: () => void): Promise<string> {
  let reading = ask(read, undefined);
  for (;;) {
    const ahead = reading.next.then((next) => (next === undefined ? undefined : ask(read, next)));
    const { metadata } = Page.parse(await reading.answer);
    onPage();
    const next = continueOf(metadata);
    if (next === undefined) return metadata.resourceVersion;
    reading = (await ahead) ?? ask(read, next);
  }
}

function ask(read: ReadPage, from: string | undefined): Reading {
  const next = Promise.withResolvers<string | undefined>();
  const answer = read(from, (page) => next.resolve(continueOf(Head.safeParse(page).data?.metadata)));
  const endHead = (): void => next.resolve(undefined);
  // Both ways: nobody else awaits a page whose predecessor fails.
  answer.then(endHead, endHead);
  return { answer, next: next.promise };
}

function continueOf(metadata: z.infer<typeof Head>['metadata']): string | undefined {
  return metadata?.continue === '' ? undefined : metadata?.continue;
}
