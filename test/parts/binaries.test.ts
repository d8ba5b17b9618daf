import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheDirectory, findPart, MissingPartsError, requireParts } from './binaries.ts';

describe('where the parts come from', () => {
  let root: string;
  let env: NodeJS.ProcessEnv;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'headwind-parts-'));
    env = {
      KUBEBUILDER_ASSETS: join(root, 'assets'),
      PATH: join(root, 'path'),
      XDG_CACHE_HOME: join(root, 'cache'),
    };
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  const put = async (directory: string, name: string, mode = 0o755): Promise<string> => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, name), '');
    await chmod(join(directory, name), mode);
    return join(directory, name);
  };

  it('takes KUBEBUILDER_ASSETS before PATH before the cache', async () => {
    const cached = await put(cacheDirectory(env), 'kube-apiserver');
    expect(findPart('kube-apiserver', env)).toBe(cached);
    const onPath = await put(join(root, 'path'), 'kube-apiserver');
    expect(findPart('kube-apiserver', env)).toBe(onPath);
    const asset = await put(join(root, 'assets'), 'kube-apiserver');
    expect(findPart('kube-apiserver', env)).toBe(asset);
  });

  it('passes over a file that cannot be executed', async () => {
    await put(join(root, 'assets'), 'kube-apiserver', 0o644);

    expect(findPart('kube-apiserver', env)).toBeUndefined();
  });

  it('keeps the cache under the home directory where XDG_CACHE_HOME is not set', () => {
    expect(cacheDirectory({ HOME: '/home/me' })).toBe('/home/me/.cache/headwind-k8s');
  });

  it('finds the network plugins by their directory, and only where all of them are', async () => {
    env = { ...env, KUBEBUILDER_ASSETS: join(root, 'assets') };
    await put(join(root, 'assets'), 'bridge');
    await put(join(root, 'assets'), 'host-local');
    expect(findPart('cni-plugins', env)).not.toBe(join(root, 'assets'));
    await put(join(root, 'assets'), 'loopback');
    expect(findPart('cni-plugins', env)).toBe(join(root, 'assets'));
  });

  it('passes over a busybox that needs libraries', async () => {
    const dynamic = await put(join(root, 'assets'), 'busybox');
    await writeFile(dynamic, 'ELF /lib64/ld-linux-x86-64.so.2');
    const whole = await put(join(root, 'path'), 'busybox');
    expect(findPart('busybox', env)).toBe(whole);
  });

  it('names every missing part at once, and how to get it', async () => {
    await put(join(root, 'path'), 'kube-scheduler');
    const ask = (): unknown => requireParts(['kube-apiserver', 'kube-scheduler', 'kubelet'], env);

    expect(ask).toThrow(MissingPartsError);
    expect(ask).toThrow(/Missing for the tests: kube-apiserver, kubelet\..*make parts.*KUBEBUILDER_ASSETS/s);
  });
});
