import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  startEmbeddedRegistry,
  type EmbeddedRegistry,
} from '../../src/sandbox/registry/embedded-registry.ts';
import type { PushNotification } from '../../src/sandbox/registry/notification.ts';
import { requirePart } from '../parts/binaries.ts';

const run = promisify(execFile);

let registry: EmbeddedRegistry;
let directory: string;
const told: PushNotification[] = [];

async function skopeo(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(requirePart('skopeo', process.env), ['--insecure-policy', ...args]);
  return stdout;
}

async function umoci(...args: readonly string[]): Promise<void> {
  await run(requirePart('umoci', process.env), [...args]);
}

beforeAll(async () => {
  registry = await startEmbeddedRegistry({
    now: Date.now,
    onPush: (notification) => void told.push(notification),
  });
  directory = await mkdtemp(join(tmpdir(), 'headwind-registry-'));
  const layout = join(directory, 'image');
  await umoci('init', '--layout', layout);
  await umoci('new', '--image', `${layout}:1.0.0`);
  await umoci('insert', '--image', `${layout}:1.0.0`, process.execPath, '/bin/node');
  await umoci('config', '--image', `${layout}:1.0.0`, '--config.label', 'headwind.demo/behaviour=crash');
});

afterAll(async () => {
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

test('skopeo pushes an image of many megabytes, and reads back the same one', async () => {
  const target = `docker://${registry.host}/shop/checkout:1.0.0`;
  await skopeo('copy', '--dest-tls-verify=false', `oci:${join(directory, 'image')}:1.0.0`, target);
  const text = await skopeo('inspect', '--tls-verify=false', target);
  const image = z
    .object({ Digest: z.string(), RepoTags: z.array(z.string()), Labels: z.record(z.string(), z.string()) })
    .parse(JSON.parse(text));
  expect(image.RepoTags).toEqual(['1.0.0']);
  expect(image.Labels).toEqual({ 'headwind.demo/behaviour': 'crash' });
  expect(registry.inspect('shop/checkout', '1.0.0')).toEqual({ digest: image.Digest, labels: image.Labels });
  const [event] = told.flatMap((envelope) => envelope.events);
  expect(event?.target).toMatchObject({ repository: 'shop/checkout', tag: '1.0.0', digest: image.Digest });
  expect(event?.request.host).toBe(registry.host);
  expect(event?.request.useragent).toContain('skopeo');
});

test('skopeo copies between two repositories and converts to the older manifest format', async () => {
  const from = `docker://${registry.host}/shop/checkout:1.0.0`;
  for (const format of ['oci', 'v2s2']) {
    const to = `docker://${registry.host}/shop/copy:${format}`;
    await skopeo('copy', '--src-tls-verify=false', '--dest-tls-verify=false', '--format', format, from, to);
    expect(registry.inspect('shop/copy', format)?.labels).toEqual({ 'headwind.demo/behaviour': 'crash' });
  }
});

test('an image made by push() is one that skopeo pulls with all its layers', async () => {
  const { digest } = await registry.push({ repository: 'platform/agent', tag: '2.1.0', labels: { a: 'b' } });
  const source = `docker://${registry.host}/platform/agent:2.1.0`;
  const pulled = join(directory, 'pulled');
  await skopeo('copy', '--src-tls-verify=false', source, `oci:${pulled}:2.1.0`);
  await umoci('unpack', '--rootless', '--image', `${pulled}:2.1.0`, join(directory, 'bundle'));
  const text = await skopeo('inspect', '--tls-verify=false', source);
  expect(z.object({ Digest: z.string() }).parse(JSON.parse(text)).Digest).toBe(digest);
});
