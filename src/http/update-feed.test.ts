import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import { createUpdateFeed, toEventView, type RequestSource } from './update-feed.ts';

/** Requests that a test changes. */
function aSource(): RequestSource & {
  put(request: UpdateRequest): void;
  remove(request: UpdateRequest): void;
} {
  const requests = new Map<string, UpdateRequest>();
  const listeners = new Set<Parameters<RequestSource['subscribe']>[0]>();
  return {
    all: () => requests.values(),
    get: (key) => requests.get(key),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    put(request) {
      requests.set(requestKey(request), request);
      for (const listener of listeners) listener(request, 'changed');
    },
    remove(request) {
      requests.delete(requestKey(request));
      for (const listener of listeners) listener(request, 'removed');
    },
  };
}

describe('the feed of changes', () => {
  it('tells each listener of each change, by the same text', () => {
    const source = aSource();
    const feed = createUpdateFeed(source, 'e');
    const [one, two]: string[][] = [[], []];
    feed.listen(({ id, text }) => one?.push(`${id} ${text}`));
    const leave = feed.listen(({ id, text }) => two?.push(`${id} ${text}`));
    source.put(aRequest());
    leave();
    source.remove(aRequest());

    expect(two).toHaveLength(1);
    expect(one).toHaveLength(2);
    expect(one?.[0]).toMatch(/^e-1 event: updated\ndata: \{"name":"web-web-1-26-0-00000000",.*\}\n\n$/);
    expect(one?.[1]).toMatch(/^e-2 event: deleted\n/);
  });

  it('tells what was missed: of each request how it is now, and what is gone', () => {
    const source = aSource();
    const feed = createUpdateFeed(source, 'e');
    source.put(aRequest({ name: 'one' }));
    const { lastId } = feed;
    source.put(aRequest({ name: 'two' }));
    source.put(aRequest({ name: 'three' }));
    source.put(aRequest({ name: 'two', status: { phase: 'Completed' } }));
    source.remove(aRequest({ name: 'three' }));
    const missed = feed.since(lastId) ?? [];

    expect(missed.map(({ id }) => id)).toEqual(['e-4', 'e-5']);
    expect(missed[0]?.text).toMatch(/event: updated\n.*"two".*"Completed"/);
    expect(missed[1]?.text).toMatch(/event: deleted\n.*"three"/);
    expect(feed.since(feed.lastId)).toEqual([]);
  });

  it.each(['other-1', 'e-9', 'e-x', '', 'e', 'e-1\nx'])('knows nothing since %j', (id) => {
    const feed = createUpdateFeed(aSource(), 'e');

    expect(feed.since(id)).toBeUndefined();
  });

  it('remembers a thousand requests, and says so when it has forgotten', () => {
    const source = aSource();
    const feed = createUpdateFeed(source, 'e');
    for (let at = 1; at <= 1001; at += 1) source.put(aRequest({ name: `r-${at}` }));

    expect(feed.since('e-0')).toBeUndefined();
    expect(feed.since('e-1')).toHaveLength(1000);
    source.put(aRequest({ name: 'r-1001' }));
    expect(feed.since('e-1')).toHaveLength(1000);
  });

  it('describes a request as pages have always been told', () => {
    const rejected = aRequest({ status: { phase: 'Rejected', rejectedBy: 'bob', message: 'Not ready' } });

    expect(toEventView(rejected)).toEqual({
      name: 'web-web-1-26-0-00000000',
      namespace: 'shop',
      resource_kind: 'Deployment',
      resource_name: 'web',
      current_image: 'nginx:1.25.0',
      new_image: 'nginx:1.26.0',
      current_version: '1.25.0',
      new_version: '1.26.0',
      policy: 'minor',
      status: 'Rejected',
      created_at: '2026-01-01T11:00:00Z',
      approved_by: null,
      rejected_by: 'bob',
      rejection_reason: 'Not ready',
    });
  });
});
