import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadEnvtest } from './envtest.ts';
import { startScriptedServer, type ScriptedServer } from './scripted-server.ts';

describe('the envtest archive', () => {
  let root: string;
  let server: ScriptedServer;
  let url: string;
  let files: Map<string, string | Buffer>;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'headwind-envtest-'));
    files = new Map();
    server = await startScriptedServer((request, response) => {
      const content = files.get(request.url);
      response.writeHead(content === undefined ? 404 : 200).end(content);
    });
    ({ url } = server);
    await publish();
  });

  afterEach(async () => {
    await server.stop();
    await rm(root, { recursive: true });
  });

  const sum = (algorithm: string, content: Buffer): string =>
    createHash(algorithm).update(content).digest('hex');

  /** Puts an archive of the official shape on the server. */
  const publish = async (): Promise<void> => {
    const inside = join(root, 'source/controller-tools/envtest');
    await mkdir(inside, { recursive: true });
    for (const name of ['etcd', 'kube-apiserver', 'kubectl'])
      await writeFile(join(inside, name), `this is ${name}`);
    execFileSync('tar', ['-czf', join(root, 'archive'), '-C', join(root, 'source'), 'controller-tools']);
    const archive = await readFile(join(root, 'archive'));
    const name = 'envtest-v1.34.0-linux-amd64.tar.gz';
    files.set('/archive', archive);
    files.set(
      '/index',
      `releases:\n  v1.34.0:\n    ${name}:\n      hash: ${sum('sha512', archive)}\n      selfLink: ${url}/archive\n`,
    );
    for (const program of ['kube-controller-manager', 'kube-scheduler', 'kubelet']) {
      const content = Buffer.from(`this is ${program}`);
      files.set(`/release/v1.34.0/bin/linux/amd64/${program}`, content);
      files.set(`/release/v1.34.0/bin/linux/amd64/${program}.sha256`, `${sum('sha256', content)}\n`);
    }
  };

  const download = (): Promise<readonly string[]> =>
    downloadEnvtest({
      directory: join(root, 'cache'),
      platform: 'linux-amd64',
      sources: { index: `${url}/index`, binaries: `${url}/release` },
    });

  it('brings all programs of Kubernetes, ready to run', async () => {
    await download();

    expect((await readdir(join(root, 'cache'))).sort()).toEqual([
      'etcd',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kubectl',
      'kubelet',
    ]);
    expect(await readFile(join(root, 'cache/kubelet'), 'utf8')).toBe('this is kubelet');
    expect(await readFile(join(root, 'cache/etcd'), 'utf8')).toBe('this is etcd');
  });

  it('refuses an archive with another sum and leaves nothing', async () => {
    files.set('/archive', Buffer.from('something else'));

    await expect(download()).rejects.toThrow(/archive has the sha512 sum .* not/);
    expect(await readdir(join(root, 'cache'))).toEqual([]);
  });

  it('refuses a controller manager with another sum and leaves nothing', async () => {
    files.set('/release/v1.34.0/bin/linux/amd64/kube-controller-manager', 'something else');

    await expect(download()).rejects.toThrow(/has the sha256 sum/);
    expect(await readdir(join(root, 'cache'))).toEqual([]);
  });

  it('says that the list cannot be reached, before it touches the disk', async () => {
    files.delete('/index');

    await expect(download()).rejects.toThrow(/index answers 404/);
    await expect(readdir(join(root, 'cache'))).rejects.toThrow('ENOENT');
  });
});
