import { execFile } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dump } from 'js-yaml';
import { requirePart } from './binaries.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Every kubectl of this machine by its name: those that tests run with, and those of other versions beside the first. */
export function everyKubectl(): readonly (readonly [name: string, path: string])[] {
  const main = requirePart('kubectl', process.env);
  const directory = dirname(realpathSync(main));
  const others = readdirSync(directory)
    .filter((name) => /^kubectl\.1\.\d+$/.test(name))
    .map((name) => join(directory, name));
  return [main, requirePart('kubectl-1.33', process.env), ...others].map(
    (path) => [basename(path), path] as const,
  );
}

/** `bin/kubectl-headwind` as built, where kubectl and shells find it. Throws where it has not been built. */
export function pluginPath(): string {
  if (!existsSync(join(BIN, 'kubectl-headwind')) || !existsSync(join(BIN, 'kubectl_complete-headwind')))
    throw new Error('bin/kubectl-headwind is missing: make build');
  return [
    BIN,
    dirname(process.execPath),
    dirname(requirePart('kubectl', process.env)),
    '/usr/bin',
    '/bin',
  ].join(':');
}

/** Runs a program and answers how it ended, whatever that is. */
export function runProgram(
  command: string,
  args: readonly string[],
  { env, input = '' }: { readonly env: Readonly<Record<string, string>>; readonly input?: string },
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { env, timeout: 60_000 }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, out: out.trimEnd(), err: err.trimEnd() });
    });
    child.stdin?.end(input);
  });
}

/** How somebody signs in; paths are relative to the kubeconfig. */
export interface SignIn {
  readonly token: string;
  readonly keyFile: string;
  readonly certificateFile: string;
}

/** Kubeconfigs in all the styles that kubectl 1.27 to 1.33 writes and reads: by style, the value of KUBECONFIG. */
export async function writeKubeconfigs(
  access: ControlPlaneAccess,
  directory: string,
  { namespace, person }: { readonly namespace: string; readonly person: SignIn },
): Promise<ReadonlyMap<string, string>> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const server = { server: access.url, 'certificate-authority-data': base64(access.ca) };
  const [key, certificate] = await Promise.all(
    [person.keyFile, person.certificateFile].map((file) => readFile(join(directory, file), 'utf8')),
  );
  await writeFile(join(directory, 'ca.crt'), access.ca);
  await writeFile(join(directory, 'token'), `${person.token}\n`);
  const exec = (version: string): object => ({
    apiVersion: `client.authentication.k8s.io/${version}`,
    command: 'sh',
    args: [
      '-c',
      `printf '{"apiVersion":"client.authentication.k8s.io/${version}","kind":"ExecCredential","status":{"token":"%s"}}' "$TOKEN"`,
    ],
    env: [{ name: 'TOKEN', value: person.token }],
    interactiveMode: 'IfAvailable',
    provideClusterInfo: true,
  });
  const users: Readonly<Record<string, object>> = {
    'a token': { token: person.token },
    'a file with a token': { tokenFile: 'token' },
    'a client certificate': {
      'client-certificate-data': base64(certificate ?? ''),
      'client-key-data': base64(key ?? ''),
    },
    'a client certificate in files': {
      'client-certificate': person.certificateFile,
      'client-key': person.keyFile,
    },
    'an exec plugin': { exec: exec('v1') },
    'an exec plugin of the beta version': { exec: exec('v1beta1') },
  };
  const context = { name: 'shop', context: { cluster: 'c', user: 'someone', namespace } };
  const found = new Map<string, string>();
  const write = async (name: string, content: object): Promise<string> => {
    const path = join(directory, `${name.replaceAll(' ', '-')}.yaml`);
    await writeFile(path, dump({ apiVersion: 'v1', kind: 'Config', preferences: {}, ...content }), {
      mode: 0o600,
    });
    return path;
  };
  for (const [name, user] of Object.entries(users)) {
    const cluster = name.endsWith('in files')
      ? { server: access.url, 'certificate-authority': 'ca.crt' }
      : server;
    const path = await write(name, {
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'someone', user }],
      contexts: [context],
      'current-context': 'shop',
    });
    found.set(name, path);
  }
  const parts = [
    await write('part 1', { 'current-context': '', contexts: [context], clusters: null, users: null }),
    join(directory, 'gone.yaml'),
    await write('part 2', {
      'current-context': 'shop',
      users: [{ name: 'someone', user: { token: person.token } }],
    }),
    await write('part 3', { clusters: [{ name: 'c', cluster: server }] }),
  ];
  return found.set('several files', parts.join(':'));
}
