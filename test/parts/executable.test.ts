import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readElf } from '../../tools/image/elf.ts';
import { executableFile } from '../../tools/executable/names.ts';
import { endingWithUs } from './child.ts';
import { eventually } from './eventually.ts';
import { fluxObject, fluxPath, type FluxKind } from './flux-crds.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAMS = ['headwind', 'kubectl-headwind'] as const;
const run = promisify(execFile);
const OF_GLIBC = /^(?:lib(?:c|m|dl|pthread)\.so|ld-linux)/;

/** A directory with nothing but the executables, as they are after `sudo cp kubectl-headwind /usr/local/bin/`. */
let bin = '';
/** Where they are run: nothing is there, and nothing is on PATH. */
let empty = '';

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'headwind-executable-'));
  bin = join(directory, 'bin');
  empty = join(directory, 'empty');
  await Promise.all([bin, empty].map((path) => mkdir(path)));
  for (const program of PROGRAMS) await copyFile(made(program), join(bin, program));
  await symlink('kubectl-headwind', join(bin, 'kubectl_complete-headwind'));
});
afterAll(async () => rm(join(bin, '..'), { recursive: true, force: true }));

/** What `make executable` has made; copying fails, with its name, where that is missing. */
function made(program: (typeof PROGRAMS)[number]): string {
  return join(ROOT, 'dist', executableFile(program, process));
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function call(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const Failure = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });
  try {
    const options = { cwd: empty, env: { PATH: '', HOME: empty, ...env }, timeout: 30_000 };
    return { code: 0, ...(await run(join(bin, program), args, options)) };
  } catch (error) {
    return Failure.parse(error);
  }
}

describe('each executable, alone', () => {
  const version = /^\d+\.\d+\.\d+\n$/;
  it.each([
    ['headwind', ['--version'], version],
    ['headwind', ['--help'], /^Usage: headwind /],
    ['headwind', ['demo', '--help'], /--ui-port/],
    ['headwind', ['check-config'], /HEADWIND_VERIFY_IMAGES/],
    [
      'headwind',
      ['policy', 'test', '--policy', 'minor', '--current', '1.2.0-alpine', '--tags', '1.2.1,1.3.0-alpine'],
      /^Selected: 1\.3\.0-alpine$/m,
    ],
    ['kubectl-headwind', ['--version'], version],
    ['kubectl-headwind', ['--help'], /^Usage: kubectl-headwind /],
    ['kubectl-headwind', ['completion', 'bash'], /^complete .* kubectl-headwind$/m],
    ['kubectl_complete-headwind', ['rollb'], /^rollback\t/],
  ])('answers %s %j', async (program, args, answer) => {
    const { code, stdout, stderr } = await call(program, args);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(answer);
  });

  it.each([
    ['headwind', ['policy', 'test']],
    ['kubectl-headwind', ['aprove']],
  ])('refuses %s %j', async (program, args) => {
    expect((await call(program, args)).code).toBe(2);
  });

  it('says nothing of Node, whatever somebody has set for programs of their own', async () => {
    const env = { NODE_OPTIONS: '--max-old-space-size=200 --no-such-option' };
    expect(await call('kubectl-headwind', ['--version'], env)).toMatchObject({ code: 0, stderr: '' });
  });

  it('leaves nothing behind', async () => {
    expect(await readdir(empty)).toEqual([]);
  });

  it('is as big as its page says, or smaller', async () => {
    for (const program of PROGRAMS) expect((await stat(made(program))).size).toBeLessThan(130e6);
  });

  it.runIf(process.platform === 'linux')(
    'asks Linux for the libraries on its page, and no others',
    async () => {
      const { needed } = readElf(await readFile(made('headwind')));

      expect(needed.filter((library) => !OF_GLIBC.test(library)).toSorted()).toEqual([
        'libatomic.so.1',
        'libgcc_s.so.1',
        'libstdc++.so.6',
      ]);
    },
  );

  it('is the same, byte for byte, when it is made again', async () => {
    const again = join(bin, '..', 'again');
    const args = [join(ROOT, 'tools/executable.ts'), '--into', again, '--only', 'kubectl-headwind'];
    const { stdout } = await run('tools/node.sh', ['--pinned'], { cwd: ROOT });
    await run(join(stdout.trim(), 'node'), args, { timeout: 120_000 });

    const sum = async (path: string): Promise<string> =>
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
    const file = executableFile('kubectl-headwind', process);
    expect(await sum(join(again, file))).toBe(await sum(made('kubectl-headwind')));
  }, 150_000);
});

const Started = z.object({
  event: z.literal('started'),
  places: z.object({
    kubeconfig: z.string(),
    kubernetes: z.string(),
    api: z.string(),
    dashboard: z.string(),
  }),
});
type Places = z.infer<typeof Started>['places'];
const Requests = z.array(
  z.object({
    metadata: z.object({ name: z.string() }),
    spec: z.object({ newImage: z.string() }),
    status: z.object({ phase: z.string() }),
  }),
);

describe('the demo, from an executable alone', () => {
  let places: Places;
  let stop: () => Promise<unknown>;

  beforeAll(async () => {
    const ports = ['webhook', 'api', 'ui', 'metrics'].flatMap((name) => [`--${name}-port`, '0']);
    const started = endingWithUs(join(bin, 'headwind'), ['demo', '--output', 'json', ...ports]);
    const child = spawn(started.command, started.args, {
      cwd: empty,
      env: { PATH: '', HOME: empty },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => void child.once('close', resolve));
    stop = async () => {
      child.kill('SIGTERM');
      return ended;
    };
    places = await new Promise<Places>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const event = Started.safeParse(JSON.parse(line));
        if (event.success) resolve(event.data.places);
      });
      void ended.then((code) => reject(new Error(`the demo has ended with ${String(code)}`)));
    });
  });
  afterAll(async () => stop());

  const requestFor = async (image: RegExp, phase: string): Promise<string> =>
    eventually(
      async () => {
        const items = Requests.parse(await (await fetch(places.api)).json());
        const found = items.find(({ spec, status }) => image.test(spec.newImage) && status.phase === phase);
        if (found === undefined) throw new Error(`not among ${JSON.stringify(items)}`);
        return found.metadata.name;
      },
      { what: `a request for ${image} is ${phase}`, timeoutMs: 50_000 },
    );

  it('has the dashboard, in the encodings that browsers take', async () => {
    const page = await (await fetch(places.dashboard)).text();
    const script = /src="([^"]+\.js)"/.exec(page)?.[1];
    const answer = await fetch(new URL(script ?? 'none', places.dashboard), {
      headers: { 'accept-encoding': 'br' },
    });

    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('javascript');
    expect(answer.headers.get('content-encoding')).toBe('br');
    expect(await answer.text()).not.toBe('');
  });

  it('has an update, which the plugin approves', async () => {
    const name = await requestFor(/shop\/checkout:1\.5\.0$/, 'Pending');
    const kubeconfig = ['--kubeconfig', places.kubeconfig, '-n', 'shop'];
    expect((await call('kubectl-headwind', ['list', ...kubeconfig])).stdout).toContain(name);

    const approved = await call('kubectl-headwind', ['approve', name, ...kubeconfig]);

    expect(approved).toMatchObject({ code: 0 });
    await requestFor(/shop\/checkout:1\.5\.0$/, 'Completed');
  });

  it('reads an index that takes a thread of its own', async () => {
    const index = 'apiVersion: v1\nentries: {cache: [{version: 1.1.0}, {version: 1.0.0}]}\n';
    const server = createServer((_, response) => response.end(index));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    try {
      const address = z.object({ port: z.number() }).parse(server.address());
      await create('HelmRepository', 'flows', { interval: '1h', url: `http://127.0.0.1:${address.port}` });
      const sourceRef = { kind: 'HelmRepository', name: 'flows' };
      await create('HelmRelease', 'cache', {
        interval: '1h',
        chart: { spec: { chart: 'cache', version: '1.0.0', sourceRef } },
      });

      expect(await requestFor(/^cache:1\.1\.0$/, 'Pending')).toMatch(/^cache-/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  async function create(kind: FluxKind, name: string, spec: object): Promise<void> {
    const annotations = { policy: 'minor', 'require-approval': 'true' };
    const answer = await fetch(new URL(fluxPath(kind, 'shop'), places.kubernetes), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fluxObject(kind, { name, spec, annotations })),
    });
    if (answer.status !== 201) throw new Error(`${kind} ${name}: ${answer.status} ${await answer.text()}`);
  }
});
