import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requirePart } from '../binaries.ts';
import { digestOf, pushLayeredImage } from '../push-image.ts';

const APPLETS = ['sh', 'sleep', 'httpd', 'echo', 'cat'];

/** How an image behaves when it runs. Each serves HTTP on port 8080 while it is healthy. */
export const BEHAVIOURS = {
  healthy: 'exec httpd -f -p 8080 -h /www',
  'crashes at once': 'exit 1',
  'crashes after a while': 'httpd -p 8080 -h /www; sleep 3; exit 1',
  'is never ready': 'exec sleep 1000000',
  'is ready after 20 s': 'sleep 20; exec httpd -f -p 8080 -h /www',
} as const;
export type Behaviour = keyof typeof BEHAVIOURS;

export interface RunnableImage {
  readonly repository: string;
  readonly tag: string;
  readonly behaviour: Behaviour;
}

/** Makes images that run and pushes them. */
export interface ImageMaker {
  /** Every push is an image of its own, told apart by its digest. */
  push(image: RunnableImage): Promise<{ readonly digest: string }>;
  /** Pushes one that a registry answers for, and that nobody can pull: one of its layers is gone. */
  pushBroken(image: Omit<RunnableImage, 'behaviour'>): Promise<{ readonly digest: string }>;
  /** The image that holds the network of a pod together; it answers its name. */
  pushPause(): Promise<string>;
}

/** Makes images for the registry at `url`, from the static busybox of this machine alone. */
export async function createImageMaker(url: string): Promise<ImageMaker> {
  const layer = await rootLayer();
  const push = (
    image: RunnableImage,
    more: readonly Uint8Array<ArrayBuffer>[] = [],
  ): Promise<{ digest: string }> =>
    pushLayeredImage({
      url,
      repository: image.repository,
      tag: image.tag,
      layers: [layer, ...more],
      config: {
        Entrypoint: ['/bin/sh', '-c', BEHAVIOURS[image.behaviour]],
        Env: ['PATH=/bin'],
        Labels: { 'org.opencontainers.image.version': image.tag, build: randomBytes(8).toString('hex') },
      },
    });
  return {
    push: (image) => push(image),
    pushBroken: async (image) => {
      const lost = await archive(async (root) => writeFile(join(root, 'lost'), randomBytes(16)));
      const pushed = await push({ ...image, behaviour: 'healthy' }, [lost]);
      const path = `${url}/v2/${image.repository}/blobs/${digestOf(lost)}`;
      const answer = await fetch(path, { method: 'DELETE' });
      if (answer.status !== 202)
        throw new Error(
          `DELETE ${path} answered ${answer.status}; the registry of these tests must allow deletes`,
        );
      return pushed;
    },
    pushPause: async () => {
      const repository = 'headwind/pause';
      const config = { Entrypoint: ['/bin/sleep', '2147483647'] };
      await pushLayeredImage({ url, repository, tag: '1', layers: [layer], config });
      return `${new URL(url).host}/${repository}:1`;
    },
  };
}

/** All that the images hold: busybox under the names of what they call, and a page. */
async function rootLayer(): Promise<Uint8Array<ArrayBuffer>> {
  const busybox = requirePart('busybox', process.env);
  return archive(async (root) => {
    for (const directory of ['bin', 'www', 'tmp']) await mkdir(join(root, directory));
    await cp(busybox, join(root, 'bin/busybox'), { dereference: true });
    for (const applet of APPLETS) await symlink('busybox', join(root, 'bin', applet));
    await writeFile(join(root, 'www/index.html'), 'fine\n');
  });
}

async function archive(fill: (root: string) => Promise<void>): Promise<Uint8Array<ArrayBuffer>> {
  const directory = await mkdtemp(join(tmpdir(), 'headwind-image-'));
  try {
    const root = join(directory, 'root');
    await mkdir(root);
    await fill(root);
    const file = join(directory, 'layer.tar');
    const plain = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
    await promisify(execFile)('tar', ['--create', '--file', file, '--directory', root, ...plain, '.']);
    return new Uint8Array(await readFile(file));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
