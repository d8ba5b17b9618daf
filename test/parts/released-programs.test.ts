import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  downloadRelease,
  HELM_VERSION,
  MODERN_KUBERNETES_VERSION,
  RELEASED_PARTS,
  type ReleasedPart,
} from './released-programs.ts';
import { startScriptedServer, type ScriptedServer } from './scripted-server.ts';

const BUILD_SCRIPT = new URL('./build-with-go.sh', import.meta.url);

describe('a program that its makers release', () => {
  let root: string;
  let server: ScriptedServer;
  let url: string;
  const files = new Map<string, string | Buffer>();

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'headwind-releases-'));
    files.clear();
    server = await startScriptedServer((request, response) => {
      const content = files.get(request.url);
      response.writeHead(content === undefined ? 404 : 200).end(content);
    });
    ({ url } = server);
    await mkdir(join(root, 'linux-amd64'));
    await writeFile(join(root, 'linux-amd64/helm'), 'this is helm');
    execFileSync('tar', ['-czf', join(root, 'archive'), '-C', root, 'linux-amd64']);
    const archive = `helm-v${HELM_VERSION}-linux-amd64.tar.gz`;
    publish(`/helm/${archive}`, await readFile(join(root, 'archive')), 'sha256sum', `  ${archive}\n`);
    for (const program of ['kube-apiserver', 'kubectl']) {
      const path = `/kubernetes/v${MODERN_KUBERNETES_VERSION}/bin/linux/amd64/${program}`;
      publish(path, Buffer.from(`this is ${program}`), 'sha256', '');
    }
  });

  afterEach(async () => {
    await server.stop();
    await rm(root, { recursive: true });
  });

  const publish = (path: string, content: Buffer, ending: string, after: string): void => {
    files.set(path, content);
    files.set(`${path}.${ending}`, createHash('sha256').update(content).digest('hex') + after);
  };
  const cache = (): string => join(root, 'cache');
  const download = (part: ReleasedPart): Promise<void> =>
    downloadRelease(part, {
      directory: cache(),
      platform: 'linux-amd64',
      sources: { kubernetes: `${url}/kubernetes`, helm: `${url}/helm` },
    });

  it.each([
    ['helm', 'this is helm'],
    ['kube-apiserver-1.33', 'this is kube-apiserver'],
    ['kubectl-1.33', 'this is kubectl'],
  ] as const)('%s lies in the cache afterwards, ready to run, and nothing else', async (part, content) => {
    await download(part);

    expect(await readdir(cache())).toEqual([part]);
    expect(await readFile(join(cache(), part), 'utf8')).toBe(content);
    expect((await stat(join(cache(), part))).mode & 0o111).toBe(0o111);
  });

  it.each(RELEASED_PARTS)('%s with another sum is refused and leaves nothing', async (part) => {
    for (const path of files.keys()) if (!path.includes('.sha256')) files.set(path, 'something else');

    await expect(download(part)).rejects.toThrow(/has the sha256 sum .* not/);
    await expect(readdir(cache())).rejects.toThrow('ENOENT');
  });

  it('is refused where what is published beside it is no sum', async () => {
    files.set(`/helm/helm-v${HELM_VERSION}-linux-amd64.tar.gz.sha256sum`, '<html>');

    await expect(download('helm')).rejects.toThrow('holds no SHA-256 sum');
  });

  it('is of the version that is built where it cannot be downloaded', async () => {
    const script = await readFile(BUILD_SCRIPT, 'utf8');

    expect(script).toContain(`readonly HELM='${HELM_VERSION}'`);
    expect(script).toContain(`readonly KUBERNETES='${MODERN_KUBERNETES_VERSION}'`);
  });
});
