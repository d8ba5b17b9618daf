import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { requirePart } from './binaries.ts';
import { findBuiltImage } from './built-image.ts';
import { startChild, type Child } from './child.ts';

const run = promisify(execFile);

/** The parts of a bundle's configuration that are changed here; all else is what the image says. */
const Config = z.looseObject({
  process: z.looseObject({ args: z.array(z.string()), env: z.array(z.string()) }),
  root: z.looseObject({}),
  mounts: z.array(z.looseObject({ destination: z.string() })),
  linux: z.looseObject({ namespaces: z.array(z.object({ type: z.string() })) }),
});

export interface ContainerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Behind the image's entrypoint. */
  readonly args?: readonly string[];
  /** Files of the machine by where they lie in the container, where they can only be read. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Container {
  readonly child: Child;
  /** Of the program itself, as the machine counts. */
  pid(): Promise<number>;
  /** Everything that it has printed. */
  output(): Promise<string>;
  /** Sends the signal to the program. */
  kill(signal: 'TERM' | 'KILL'): Promise<void>;
  /** Ends it and removes all that it left. */
  remove(): Promise<void>;
}

/**
 * Runs the built image with runc alone: its root read-only, without capabilities, in namespaces of its own but for the
 * network, which is the machine's. Only root may.
 */
export async function startContainer({
  env = {},
  args = [],
  files = {},
}: ContainerOptions): Promise<Container> {
  const { directory: layout, version } = await findBuiltImage();
  const directory = await mkdtemp(join(tmpdir(), 'headwind-container-'));
  const bundle = join(directory, 'bundle');
  await run(requirePart('umoci', process.env), ['unpack', '--image', `${layout}:${version}`, bundle]);
  const path = join(bundle, 'config.json');
  const config = Config.parse(JSON.parse(await readFile(path, 'utf8')));
  await writeFile(path, JSON.stringify(locked(config, { env, args, files })));
  const id = `headwind-${randomBytes(4).toString('hex')}`;
  const runc = requirePart('runc', process.env);
  const state = ['--root', join(directory, 'state')];
  const logFile = join(directory, 'log');
  const child = await startChild({
    name: 'runc',
    command: runc,
    args: [...state, 'run', '--bundle', bundle, id],
    logFile,
  });
  const kill: Container['kill'] = async (signal) => void (await run(runc, [...state, 'kill', id, signal]));
  return {
    child,
    pid: async () => {
      const { stdout } = await run(runc, [...state, 'state', id]);
      return z.object({ pid: z.number() }).parse(JSON.parse(stdout)).pid;
    },
    output: () => readFile(logFile, 'utf8'),
    kill,
    remove: async () => {
      await run(runc, [...state, 'delete', '--force', id]).catch(() => undefined);
      await child.stop('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function locked(
  { process: program, root, mounts, linux, ...config }: z.infer<typeof Config>,
  { env, args, files }: Required<ContainerOptions>,
): object {
  const none = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] };
  const more = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const bound = Object.entries(files).map(([destination, source]) => ({
    destination,
    type: 'bind',
    source,
    options: ['rbind', 'ro'],
  }));
  return {
    ...config,
    process: {
      ...program,
      terminal: false,
      noNewPrivileges: true,
      capabilities: none,
      args: [...program.args, ...args],
      env: [...program.env, ...more],
    },
    root: { ...root, readonly: true },
    // The machine's network cannot be shown in /sys to somebody who does not own it.
    mounts: [...mounts.filter(({ destination }) => !destination.startsWith('/sys')), ...bound],
    linux: { ...linux, namespaces: linux.namespaces.filter(({ type }) => type !== 'network') },
  };
}
