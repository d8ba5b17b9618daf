import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { eventually } from './eventually.ts';

describe('a control plane', () => {
  let plane: ControlPlane;

  beforeAll(async () => {
    plane = await startControlPlane();
  });

  afterAll(async () => {
    await plane.stop();
  });

  it('serves its administrator over a verified connection', async () => {
    expect(await plane.request('GET', '/api/v1/namespaces/default')).toMatchObject({ status: 200 });
    expect(plane.version).toMatch(/^v1\./);
  });

  it('gives a service account a token that may do only what RBAC says', async () => {
    const token = await plane.serviceAccountToken('default', 'default');
    const call = { method: 'GET', path: '/api/v1/namespaces/default/secrets' };

    expect(await plane.requestAs(token, call)).toMatchObject({ status: 403 });
    expect(plane.kubeconfigFor(token)).toContain(token);
  });

  it('runs the controllers: a Deployment gets its ReplicaSet', async () => {
    const labels = { app: 'idle' };
    await plane.expectOk('POST', '/apis/apps/v1/namespaces/default/deployments', {
      metadata: { name: 'idle' },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'a:1' }] } },
      },
    });
    const text = await eventually(
      async () => {
        const { body } = await plane.request('GET', '/apis/apps/v1/namespaces/default/replicasets');
        const list = JSON.stringify(body);
        return list.includes('"idle-') ? list : undefined;
      },
      { what: 'a ReplicaSet of the Deployment' },
    );
    expect(text).toContain('"kind":"Deployment","name":"idle"');
  });

  it('keeps port and data when the API server is killed and started again', async () => {
    await plane.expectOk('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'kept' } });

    await plane.stopApiServer();
    await expect(plane.request('GET', '/readyz')).rejects.toThrow('ECONNREFUSED');
    await plane.startApiServer();

    expect(await plane.request('GET', '/api/v1/namespaces/default/configmaps/kept')).toMatchObject({
      status: 200,
    });
  });

  it('leaves nothing behind when it is stopped', async () => {
    await plane.stop();

    expect(existsSync(plane.directory)).toBe(false);
    await expect(plane.request('GET', '/readyz')).rejects.toThrow('ECONNREFUSED');
  });
});
