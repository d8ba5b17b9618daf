import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import { updateRequestCrd } from '../../core/update-request-crd.ts';
import { startEmbeddedKubernetes, type EmbeddedKubernetes } from './embedded-kubernetes.ts';

const JSON_BODY = { 'content-type': 'application/json' };

const started: EmbeddedKubernetes[] = [];

async function start(historyLimit = 1000): Promise<EmbeddedKubernetes> {
  const api = await startEmbeddedKubernetes({
    crds: [updateRequestCrd()],
    clock: new FakeClock(),
    historyLimit,
  });
  started.push(api);
  return api;
}

afterEach(async () => {
  for (const api of started.splice(0)) await api.close();
});

describe('the embedded Kubernetes API', () => {
  test('has its URL in the kubeconfig, and the first namespaces', async () => {
    const { url, kubeconfig, store } = await start();
    expect(kubeconfig).toContain(`server: ${url}\n`);
    expect(store.list('namespaces').map(({ metadata }) => metadata.name)).toEqual(['default', 'kube-system']);
    expect(store.get('serviceaccounts', 'default', 'default')).toBeDefined();
  });

  test('refuses a wrong definition before it listens', async () => {
    const crd = { ...updateRequestCrd(), spec: {} };
    await expect(startEmbeddedKubernetes({ crds: [crd], clock: new FakeClock() })).rejects.toThrow(
      'is invalid',
    );
  });

  test('says that the port is taken', async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    await expect(startEmbeddedKubernetes({ crds: [], clock: new FakeClock(), port })).rejects.toThrow(
      'EADDRINUSE',
    );
  });

  test.each([
    [
      'a body that is too large',
      { body: `{"a":"${'x'.repeat(4_000_000)}"}`, headers: JSON_BODY },
      413,
      'RequestEntityTooLarge',
    ],
    [
      'a body that is nested too deep',
      { body: `${'['.repeat(10_000)}${']'.repeat(10_000)}`, headers: JSON_BODY },
      400,
      'BadRequest',
    ],
    ['a body that is no object', { body: '[1]', headers: JSON_BODY }, 400, 'BadRequest'],
    ['metadata that is no object', { body: '{"metadata":1}', headers: JSON_BODY }, 400, 'BadRequest'],
    [
      'labels that are numbers',
      { body: '{"metadata":{"name":"x","labels":{"a":1}}}', headers: JSON_BODY },
      400,
      'BadRequest',
    ],
    ['no body', {}, 400, 'BadRequest'],
    [
      'the origin of a web page',
      { body: '{}', headers: { ...JSON_BODY, origin: 'http://evil.example' } },
      403,
      'Forbidden',
    ],
  ])('answers %s with %s', async (_what, init, code, reason) => {
    const { url } = await start();
    const answer = await fetch(`${url}/api/v1/namespaces/default/configmaps`, { method: 'POST', ...init });
    expect(answer.status).toBe(code);
    expect(await answer.json()).toMatchObject({ kind: 'Status', status: 'Failure', reason, code });
  });

  test.each([
    '/nonsense',
    '/api/v2',
    '/apis/apps/v9/deployments',
    '/api/v1/namespaces/default/pods/a/b/c',
    '/api/v1/%ZZ',
  ])('answers 404 with a Status at %s', async (path) => {
    const { url } = await start();
    const answer = await fetch(`${url}${path}`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ kind: 'Status', reason: 'NotFound' });
  });

  test('answers 410 when a list is gone on with after too long', async () => {
    const { url, store } = await start(10);
    for (const name of ['a', 'b']) store.create('configmaps', { metadata: { name, namespace: 'default' } });
    const path = `${url}/api/v1/configmaps?limit=1`;
    const first: unknown = await (await fetch(path)).json();
    for (let count = 0; count < 50; count += 1)
      store.update('configmaps', {
        metadata: { name: 'a', namespace: 'default' },
        data: { count: String(count) },
      });
    const token = Object(first).metadata.continue;
    const answer = await fetch(`${path}&continue=${encodeURIComponent(String(token))}`);
    expect(answer.status).toBe(410);
    expect(await answer.json()).toMatchObject({ reason: 'Expired' });
  });

  test('closes while watches are open', async () => {
    const api = await start();
    const watch = await fetch(`${api.url}/api/v1/pods?watch=true`);
    expect(watch.status).toBe(200);
    await api.close();
    await expect(watch.text()).rejects.toThrow('terminated');
  });

  test('survives a client that speaks no HTTP', async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    const reply = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write('rubbish\r\n\r\n'));
      socket.on('data', (chunk) => {
        text += String(chunk);
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
    });
    expect(reply).toContain('400 Bad Request');
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });
});
