import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dump } from 'js-yaml';
import { requirePart } from './binaries.ts';
import { freePorts, startChild, type Child } from './child.ts';
import { eventually, NoUseWaitingError } from './eventually.ts';
import { pushTinyImage, type PushCredentials } from './push-image.ts';

export interface RegistryTokenAuth {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** A PEM file with the certificates that may sign tokens. */
  readonly rootCertBundle: string;
}

export interface DockerRegistryOptions {
  /** Everybody may do everything unless told. `htpasswd`: user names with their passwords. */
  readonly auth?:
    | { readonly htpasswd: Readonly<Record<string, string>> }
    | { readonly token: RegistryTokenAuth };
  /** Who is told of pushes, pulls and deletes. */
  readonly notifications?: readonly {
    readonly name: string;
    readonly url: string;
    readonly headers?: Readonly<Record<string, readonly string[]>>;
  }[];
  /** A free one unless told. */
  readonly port?: number;
  /** Where it keeps everything, which must not exist yet; a new directory under the temporary one unless told. */
  readonly directory?: string;
}

export interface DockerRegistry {
  /** `127.0.0.1:PORT`, as it stands in image references. */
  readonly host: string;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Pushes an image that differs with its content (random unless told), over the registry's HTTP API. */
  pushImage(image: {
    readonly repository: string;
    readonly tag: string;
    readonly content?: string;
    readonly credentials?: PushCredentials;
  }): Promise<{ readonly digest: string }>;
  /** Ends it and removes all that it stored. */
  stop(): Promise<void>;
}

const ATTEMPTS = 3;

/** Starts Debian's `docker-registry` (distribution 2.8.2) on 127.0.0.1, with its storage in a directory of its own. */
export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const directory = await makeDirectory(options.directory);
  try {
    const { child, port } = await startSomewhere(directory, options);
    const host = `127.0.0.1:${port}`;
    const url = `http://${host}`;
    return {
      host,
      url,
      pushImage: ({ repository, tag, content, credentials }) =>
        pushTinyImage({
          url,
          repository,
          tag,
          content: content ?? randomBytes(16).toString('hex'),
          credentials,
        }),
      stop: async () => {
        await child.stop();
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function makeDirectory(wanted: string | undefined): Promise<string> {
  if (wanted === undefined) return mkdtemp(join(tmpdir(), 'headwind-registry-'));
  await mkdir(wanted);
  return wanted;
}

/** Tries other ports where the one that was free is taken meanwhile. */
async function startSomewhere(
  directory: string,
  options: DockerRegistryOptions,
): Promise<{ readonly child: Child; readonly port: number }> {
  const command = findRegistry();
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePorts(1))[0] ?? 0;
    const config = join(directory, 'config.yml');
    await writeFile(config, dump(await configuration(directory, port, options)), { mode: 0o600 });
    const child = await startChild({
      name: 'docker-registry',
      command,
      args: ['serve', config],
      logFile: join(directory, 'registry.log'),
      // REGISTRY_* variables override the file: none may come in from outside.
      env: { PATH: process.env['PATH'] },
    });
    try {
      await untilServing(child, port);
      return { child, port };
    } catch (error) {
      await child.stop('SIGKILL');
      if (attempt === ATTEMPTS || options.port !== undefined) throw error;
    }
  }
}

function findRegistry(): string {
  try {
    return requirePart('docker-registry', process.env);
  } catch (cause) {
    throw new Error('docker-registry is missing: apt-get install docker-registry', { cause });
  }
}

async function untilServing(child: Child, port: number): Promise<void> {
  await eventually(
    async () => {
      if (!child.running()) throw new NoUseWaitingError(`it ended:\n${await child.logTail()}`);
      const response = await fetch(`http://127.0.0.1:${port}/v2/`);
      await response.body?.cancel();
      return response.status === 200 || response.status === 401;
    },
    { what: `docker-registry serving on port ${port}` },
  );
}

/** https://distribution.github.io/distribution/about/configuration/, as far as 2.8 knows it. */
async function configuration(
  directory: string,
  port: number,
  options: DockerRegistryOptions,
): Promise<Record<string, unknown>> {
  const storage = join(directory, 'storage');
  await mkdir(storage, { recursive: true });
  const endpoints = (options.notifications ?? []).map(({ name, url, headers }) => ({
    name,
    url,
    headers: headers ?? {},
    timeout: '5s',
    threshold: 3,
    backoff: '250ms',
  }));
  return {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, secret: randomBytes(16).toString('hex') },
    ...(options.auth === undefined ? {} : { auth: await authConfiguration(directory, options.auth) }),
    ...(endpoints.length === 0 ? {} : { notifications: { endpoints } }),
  };
}

async function authConfiguration(
  directory: string,
  auth: NonNullable<DockerRegistryOptions['auth']>,
): Promise<Record<string, unknown>> {
  if ('token' in auth) {
    const { realm, service, issuer, rootCertBundle } = auth.token;
    return { token: { realm, service, issuer, rootcertbundle: rootCertBundle } };
  }
  const path = join(directory, 'htpasswd');
  const lines = await Promise.all(
    Object.entries(auth.htpasswd).map(async ([user, password]) => `${user}:${await bcrypt(password)}\n`),
  );
  await writeFile(path, lines.join(''), { mode: 0o600 });
  return { htpasswd: { realm: 'headwind tests', path } };
}

/**
 * The registry takes nothing but bcrypt in its htpasswd file. Perl's `crypt` has it from the system's libcrypt, and
 * Perl is part of every Debian.
 */
async function bcrypt(password: string): Promise<string> {
  const salt = createHash('sha256').update(password).digest('hex').slice(0, 21);
  // The 22nd character carries two bits only: `u` is one of those that are valid there.
  const program = 'print crypt($ENV{PASSWORD}, $ENV{SALT})';
  const { stdout } = await promisify(execFile)('perl', ['-e', program], {
    env: { PATH: process.env['PATH'], PASSWORD: password, SALT: `$2b$04$${salt}u` },
  });
  if (!stdout.startsWith('$2b$04$') || stdout.length !== 60)
    throw new Error("this machine's crypt() has no bcrypt, which the registry's htpasswd file needs");
  return stdout;
}
