import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import type { Credential } from '../../core/credential.ts';
import type { Repository } from '../../core/image-reference.ts';
import { loginsFor, parseDockerConfig } from '../../kubernetes/docker-config.ts';
import { FailedError } from '../exit.ts';

export interface DockerLoginsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Rejects with `code: 'ENOENT'` where there is no such file. */
  readonly readFile: (path: string) => Promise<string>;
}

const HELPER_TIMEOUT_MS = 20_000;
const MAX_OUTPUT = 64 * 1024;
/** Docker Hub goes by another name in docker's own files. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';
const HELPER_NAME = /^[A-Za-z0-9._-]{1,100}$/;

const Config = z.object({
  credsStore: z.string().optional().catch(undefined),
  credHelpers: z.record(z.string(), z.string()).optional().catch(undefined),
});
const Stored = z.object({ Username: z.string(), Secret: z.string().min(1) });

/**
 * What the caller's own docker would show to a registry: the logins in its configuration (`$DOCKER_CONFIG/config.json`, else
 * `~/.docker/config.json`), and what its credential helpers answer
 * (https://github.com/docker/docker-credential-helpers). Nothing where there is none of them.
 */
export async function readDockerLogins({
  env,
  readFile,
}: DockerLoginsOptions): Promise<(repository: Repository) => Promise<readonly Credential[]>> {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? '';
  const path = join(env['DOCKER_CONFIG'] ?? join(home, '.docker'), 'config.json');
  const text = await readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '{}';
    throw new FailedError(`${path} cannot be read`, { cause: error });
  });
  const logins = parseDockerConfig(text, 'dockerconfigjson');
  if (!logins.ok && text !== '{}') throw new FailedError(`${path}: ${logins.error}`);
  const { credsStore, credHelpers = {} } = Config.parse(JSON.parse(text));
  return async (repository) => {
    const own = logins.ok ? loginsFor(repository, logins.value).map(({ credential }) => credential) : [];
    const key = repository.host === 'docker.io' ? DOCKER_HUB_KEY : repository.host;
    const helper = credHelpers[key] ?? credHelpers[repository.host] ?? credsStore;
    const kept = helper === undefined ? undefined : await askHelper(helper, key, env);
    return kept === undefined ? own : [kept, ...own];
  };
}

/** Undefined where the helper knows nothing of it, or is not there: then it is tried without. */
async function askHelper(
  helper: string,
  key: string,
  env: DockerLoginsOptions['env'],
): Promise<Credential | undefined> {
  if (!HELPER_NAME.test(helper)) return undefined;
  const output = await runHelper(`docker-credential-${helper}`, key, env);
  try {
    const { Username: username, Secret: password } = Stored.parse(JSON.parse(output));
    return username === '<token>' ? { identityToken: password } : { username, password };
  } catch {
    return undefined;
  }
}

function runHelper(command: string, input: string, env: DockerLoginsOptions['env']): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(command, ['get'], {
      env: { ...env },
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: HELPER_TIMEOUT_MS,
    });
    let output = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      output += chunk;
      if (output.length > MAX_OUTPUT) child.kill();
    });
    child.on('error', () => resolve(''));
    child.on('close', (code) => resolve(code === 0 ? output : ''));
    child.stdin.on('error', () => {});
    child.stdin.end(`${input}\n`);
  });
}
