import { describe, expect, test } from 'vitest';
import { arrayAt, objectAt, stringAt } from '../../src/sandbox/kubernetes/json.ts';
import type { OpenWatch, WatchEvent } from './contract-api.ts';
import {
  aConfigMap,
  anUpdateRequest,
  configMapsPath,
  nameOf,
  requestsPath,
  TABLE,
  versionOf,
  type Subject,
} from './contract-fixtures.ts';

/** Watches. */
export function describeWatches(subject: () => Subject): void {
  const current = async (path: string): Promise<string> => versionOf((await subject().get(path)).body);
  const of = (type: string, name: string) => (event: WatchEvent) =>
    event.type === type && nameOf(event.object) === name;
  const seen = (watch: OpenWatch): readonly string[] =>
    watch.events.map((event) => `${event.type} ${nameOf(event.object)}`);

  describe('a watch', () => {
    test('from a resourceVersion tells every change since, in order', async () => {
      const path = requestsPath(subject());
      const from = await current(path);
      await subject().created(path, anUpdateRequest('watched-before'));
      const watch = await subject().watch(`${path}?watch=true&resourceVersion=${from}`);
      expect(watch.status).toBe(200);
      await subject().created(path, anUpdateRequest('watched'));
      const patched = await subject().patch(`${path}/watched/status`, 'merge', {
        status: { phase: 'Approved' },
      });
      await subject().remove(`${path}/watched`);
      const last = await watch.first(of('DELETED', 'watched'), 'the deletion');
      watch.close();
      expect(seen(watch)).toEqual([
        'ADDED watched-before',
        'ADDED watched',
        'MODIFIED watched',
        'DELETED watched',
      ]);
      expect(watch.events[1]?.object).toMatchObject({ kind: 'UpdateRequest', status: { phase: 'Pending' } });
      expect(versionOf(watch.events[2]?.object)).toBe(versionOf(patched.body));
      expect(Number(versionOf(last.object))).toBeGreaterThan(Number(versionOf(patched.body)));
    });

    test.each(['', '&resourceVersion=0'])(
      'without a resourceVersion (%j) begins with what is there',
      async (query) => {
        const path = configMapsPath(subject());
        const name = `present${query.length}`;
        await subject().created(path, aConfigMap(name));
        const watch = await subject().watch(`${path}?watch=1${query}`);
        const event = await watch.first(of('ADDED', name), 'the object that is there');
        watch.close();
        expect(event.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
      },
    );

    test('from too old a resourceVersion says 410 in an ERROR event, and ends', async () => {
      const watch = await subject().watch(`${requestsPath(subject())}?watch=true&resourceVersion=1`);
      const event = await watch.first(({ type }) => type === 'ERROR', 'the error');
      expect(event.object).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 });
      await watch.ended(5000);
    });

    test('by label shows objects as they come into and go out of sight', async () => {
      const path = configMapsPath(subject());
      const from = await current(path);
      const watch = await subject().watch(
        `${path}?watch=true&resourceVersion=${from}&labelSelector=seen%3Dyes`,
      );
      await subject().created(path, aConfigMap('passing'));
      await subject().patch(`${path}/passing`, 'merge', { metadata: { labels: { seen: 'yes' } } });
      await subject().patch(`${path}/passing`, 'merge', { data: { a: '2' } });
      await subject().patch(`${path}/passing`, 'merge', { metadata: { labels: { seen: 'no' } } });
      await watch.first(of('DELETED', 'passing'), 'the object out of sight');
      watch.close();
      expect(seen(watch)).toEqual(['ADDED passing', 'MODIFIED passing', 'DELETED passing']);
    });

    test('by name shows that one alone', async () => {
      const path = configMapsPath(subject());
      const from = await current(path);
      const query = 'fieldSelector=metadata.name%3Dsingle';
      const watch = await subject().watch(`${path}?watch=true&resourceVersion=${from}&${query}`);
      await subject().created(path, aConfigMap('other-one'));
      await subject().created(path, aConfigMap('single'));
      await watch.first(of('ADDED', 'single'), 'the object');
      watch.close();
      expect(seen(watch)).toEqual(['ADDED single']);
    });

    test('of all namespaces shows those of this one', async () => {
      const from = await current('/api/v1/configmaps');
      const watch = await subject().watch(`/api/v1/configmaps?watch=true&resourceVersion=${from}`);
      await subject().created(configMapsPath(subject()), aConfigMap('everywhere'));
      const event = await watch.first(of('ADDED', 'everywhere'), 'the object');
      watch.close();
      expect(stringAt(event.object, 'metadata', 'namespace')).toBe(subject().namespace);
    });

    test('ends after timeoutSeconds, with a bookmark before where it was asked for', async () => {
      const path = requestsPath(subject());
      const from = await current(path);
      const query = `watch=true&resourceVersion=${from}&timeoutSeconds=5&allowWatchBookmarks=true`;
      const watch = await subject().watch(`${path}?${query}`);
      await subject().created(path, anUpdateRequest('bookmarked'));
      await watch.ended(9000);
      const bookmark = watch.events.find((event) => event.type === 'BOOKMARK');
      expect(bookmark?.object).toMatchObject({ kind: 'UpdateRequest', apiVersion: 'headwind.sh/v1alpha1' });
      expect(Number(versionOf(bookmark?.object))).toBeGreaterThan(Number(from));
    });

    test('does not tell a write that changes nothing', async () => {
      const path = configMapsPath(subject());
      const first = await subject().created(path, aConfigMap('quiet'));
      const watch = await subject().watch(
        `${path}?watch=true&resourceVersion=${versionOf(first)}&fieldSelector=metadata.name%3Dquiet`,
      );
      await subject().put(`${path}/quiet`, first);
      await subject().patch(`${path}/quiet`, 'merge', { data: { a: '2' } });
      await watch.first(of('MODIFIED', 'quiet'), 'the change');
      watch.close();
      expect(seen(watch)).toEqual(['MODIFIED quiet']);
    });

    test('as Tables gives the columns once', async () => {
      const path = requestsPath(subject());
      const from = await current(path);
      const watch = await subject().watch(`${path}?watch=true&resourceVersion=${from}`, TABLE);
      for (const name of ['tabled-1', 'tabled-2']) await subject().created(path, anUpdateRequest(name));
      await watch.first(
        (event) => arrayAt(event.object, 'rows').some((row) => arrayAt(row, 'cells')[0] === 'tabled-2'),
        'two rows',
      );
      watch.close();
      expect(watch.events.map((event) => stringAt(event.object, 'kind'))).toEqual(['Table', 'Table']);
      expect(watch.events.map((event) => arrayAt(event.object, 'columnDefinitions').length > 0)).toEqual([
        true,
        false,
      ]);
      expect(arrayAt(objectAt(watch.events[0]?.object), 'rows')).toHaveLength(1);
    });

    test('with a resourceVersion that is no number answers an error', async () => {
      const watch = await subject().watch(`${configMapsPath(subject())}?watch=true&resourceVersion=abc`);
      expect(watch.status).toBeGreaterThanOrEqual(400);
      watch.close();
    });
  });
}
