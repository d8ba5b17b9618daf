import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { findBuiltImage } from '../parts/built-image.ts';
import { freePorts, startChild } from '../parts/child.ts';
import { accessControlPlane } from '../parts/control-plane-access.ts';
import { eventually, NoUseWaitingError } from '../parts/eventually.ts';
import { installHeadwind } from '../parts/manifests.ts';
import { residentMb } from '../parts/memory.ts';
import { startContainer } from '../parts/runc.ts';
import { looseEnds, SpdxDocument } from '../parts/spdx.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const READY = '"message":"ready"';
const Index = z.object({ manifests: z.tuple([z.object({ digest: z.string() })]) });
const Labelled = z.object({
  'org.opencontainers.image.revision': z.string().default(''),
  'org.opencontainers.image.created': z.string(),
});

describe('the image', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headwind-image-test-'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('runs a command under runc, on a root that is read-only', async () => {
    const args = [
      'policy',
      'test',
      '--policy',
      'minor',
      '--current',
      '1.2.0',
      '--tags',
      '1.2.1,2.0.0',
      '-o',
      'json',
    ];
    const container = await startContainer({ args });
    try {
      expect(await container.child.exited).toEqual({ code: 0, signal: null });
      expect(JSON.parse(await container.output())).toMatchObject({ selected: '1.2.1' });
    } finally {
      await container.remove();
    }
  });

  it('becomes ready under runc, with less memory than a plain Node, and ends when told', async () => {
    const access = accessControlPlane(inject('controlPlane'));
    await installHeadwind(access);
    const token = await access.serviceAccountToken('headwind-system', 'headwind');
    const kubeconfig = join(directory, 'kubeconfig');
    await writeFile(kubeconfig, access.kubeconfigFor(token), { mode: 0o644 });
    access.disconnect();
    const container = await startContainer({
      env: { ...(await portsOf()), KUBECONFIG: '/etc/kubeconfig' },
      files: { '/etc/kubeconfig': kubeconfig },
    });
    const logFile = join(directory, 'plain.log');
    const plain = await startChild({
      name: 'plain node',
      command: process.execPath,
      args: [join(ROOT, 'dist/headwind.mjs')],
      logFile,
      env: { ...(await portsOf()), KUBECONFIG: kubeconfig },
    });
    try {
      await eventually(
        async () => {
          const output = await container.output();
          if (!container.child.running()) throw new NoUseWaitingError(output);
          return output.includes(READY) && (await readFile(logFile, 'utf8')).includes(READY);
        },
        { what: 'both are ready', timeoutMs: 60_000, everyMs: 100 },
      );
      const [inside, outside] = [await residentMb(await container.pid()), await residentMb(plain.pid)];
      process.stdout.write(
        `image: at rest ${inside.toFixed(1)} MB under runc, a plain Node ${outside.toFixed(1)} MB\n`,
      );
      expect(inside).toBeLessThan(outside);

      await container.kill('TERM');
      expect(await container.child.exited).toEqual({ code: 0, signal: null });
    } finally {
      await container.remove();
      await plain.stop();
    }
  });

  it('comes with a list of what is in it: itself, Node, packages of npm and of Debian', async () => {
    const { directory: layout, version } = await findBuiltImage();
    const names = (await readdir(dirname(layout))).filter((name) => name.endsWith('.spdx.json'));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const text = await readFile(join(dirname(layout), name), 'utf8');
      const list = SpdxDocument.parse(JSON.parse(text));
      expect(looseEnds(list)).toEqual([]);
      const purls = list.packages.map(({ externalRefs }) => externalRefs[0]?.referenceLocator ?? '');
      for (const start of [
        `pkg:github/headwind-sh/headwind@${version}`,
        'pkg:npm/node-linux-',
        'pkg:npm/zod@',
        'pkg:npm/preact@',
        'pkg:deb/debian/libc6@',
        'pkg:deb/debian/libstdc%2B%2B6@',
      ])
        expect(purls.filter((purl) => purl.startsWith(start))).toHaveLength(1);
      // It is not bundled: it makes the bundles.
      expect(purls.filter((purl) => purl.startsWith('pkg:npm/esbuild@'))).toEqual([]);
    }
  });

  it('is the same, byte for byte, when it is built again from the same', async () => {
    const built = await findBuiltImage();
    const index = async (place: string): Promise<string> => {
      const text = await readFile(join(place, 'index.json'), 'utf8');
      return Index.parse(JSON.parse(text)).manifests[0].digest;
    };
    const { revision, epoch } = await sourceOf(built.directory);
    // What was downloaded is there again; every layer is packed anew, elsewhere and by somebody with other habits.
    const cache = join(directory, 'cache');
    await lend(join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'headwind-image'), cache);
    const out = join(directory, 'out');
    const script = 'umask 077; exec "$@"';
    // Other versions of Node compress otherwise.
    const { stdout: pinned } = await promisify(execFile)(join(ROOT, 'tools/node.sh'), ['--pinned'], {
      cwd: ROOT,
    });
    const words = [join(pinned.trim(), 'node'), join(ROOT, 'tools/image/main.ts'), '--out', out];
    await promisify(execFile)('/bin/sh', ['-c', script, 'sh', ...words], {
      cwd: directory,
      env: {
        ...process.env,
        XDG_CACHE_HOME: cache,
        TZ: 'Pacific/Apia',
        LC_ALL: 'C',
        HEADWIND_REVISION: revision,
        SOURCE_DATE_EPOCH: epoch,
      },
    });

    expect(await index(join(out, 'image'))).toBe(await index(built.directory));
    const names = (await readdir(out)).filter((name) => name !== 'image');
    expect(names).toContain('headwind-image.tar');
    for (const name of names)
      expect(
        (await readFile(join(out, name))).equals(await readFile(join(dirname(built.directory), name))),
      ).toBe(true);
  });
});

async function portsOf(): Promise<Readonly<Record<string, string>>> {
  const [webhook, api, ui, metrics] = await freePorts(4);
  return {
    HEADWIND_BIND_ADDRESS: '127.0.0.1',
    HEADWIND_WEBHOOK_PORT: String(webhook),
    HEADWIND_API_PORT: String(api),
    HEADWIND_UI_PORT: String(ui),
    HEADWIND_METRICS_PORT: String(metrics),
    HEADWIND_LOG_FORMAT: 'json',
  };
}

/** Which commit the image says it is made from, and when that was, in seconds since the Unix epoch. */
async function sourceOf(layout: string): Promise<{ readonly revision: string; readonly epoch: string }> {
  const read = async (digest: string): Promise<unknown> =>
    JSON.parse(await readFile(join(layout, 'blobs', digest.replace(':', '/')), 'utf8'));
  const [{ digest }] = Index.parse(JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'))).manifests;
  const { annotations } = z.object({ annotations: Labelled }).parse(await read(digest));
  const created = annotations['org.opencontainers.image.created'];
  return {
    revision: annotations['org.opencontainers.image.revision'],
    epoch: String(Date.parse(created) / 1000),
  };
}

/** Lends the downloads of one cache to another, but not its layers. */
async function lend(from: string, cache: string): Promise<void> {
  const to = join(cache, 'headwind-image');
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from))
    if (name !== 'layers') await symlink(join(from, name), join(to, name));
}
