import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPart, requirePart } from '../parts/binaries.ts';
import type { Ran } from '../parts/plugin-people.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMMANDS = fileURLToPath(new URL('bin/', import.meta.url));
/** What the documents refer to by a path from the root of the repository. */
const SHIPPED = ['deploy', 'charts', 'monitoring'];
const BLOCK_TIMEOUT_MS = 150_000;
const SERVERS = { webhook: 8080, api: 8081, ui: 8082, metrics: 9090 } as const;

/** Where somebody reads the documents: a cluster, or the demo, with what the commands need there. */
export interface Surroundings {
  readonly kubeconfig: string;
  /** Where each server of Headwind is for a block; `http://127.0.0.1:PORT`. */
  servers(text: string): Readonly<Record<keyof typeof SERVERS, string>>;
  /** What stands in the documents for something of the reader's own: what it is here. */
  readonly words: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** Called with each command of a block just before it runs: what it needs shall be there. */
  before(words: readonly string[]): Promise<void>;
  /** Called after each block. */
  after(): Promise<void>;
}

export interface DocumentShell {
  /** Runs a block as a script of bash that ends at the first failure. */
  run(text: string, surroundings: Surroundings): Promise<Ran>;
  close(): Promise<void>;
}

/** A directory like the repository's root, and commands that are the real ones as far as they can be here. */
export async function openShell(): Promise<DocumentShell> {
  const home = await mkdtemp(join(tmpdir(), 'headwind-documented-'));
  const work = join(home, 'headwind');
  await mkdir(join(work, 'dist'), { recursive: true });
  await mkdir(join(home, 'local/bin'), { recursive: true });
  await cp(COMMANDS, join(work, 'bin'), { recursive: true });
  await cp(join(COMMANDS, 'headwind'), join(work, 'dist/headwind-linux-x64'));
  await cp(join(COMMANDS, 'kubectl-headwind'), join(work, 'dist/kubectl-headwind-linux-x64'));
  for (const name of SHIPPED)
    await cp(join(ROOT, name), join(work, name), { recursive: true }).catch(ignoreAbsence);
  await writeFile(join(work, 'deploy.yaml'), DEPLOY);
  await writeFile(join(work, 'kustomization.yaml'), 'resources: [deploy.yaml]\n');

  let now: Surroundings | undefined;
  const server = createServer((request, response) => void answer(request, response, now));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // It listens on a port.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = server.address() as AddressInfo;
  const env = {
    HOME: home,
    PATH: [join(work, 'bin'), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    ROOT,
    NODE: process.execPath,
    STAGE_URL: `http://127.0.0.1:${port}`,
    REAL_CURL: '/usr/bin/curl',
    REAL_MAKE: '/usr/bin/make',
    REAL_KUBECTL: findPart('kubectl-1.33', process.env) ?? requirePart('kubectl', process.env),
    REAL_HELM: requirePart('helm', process.env),
  };
  return {
    async run(text, surroundings) {
      now = surroundings;
      const script = join(home, 'block.sh');
      await writeFile(script, `set -euo pipefail\n${fill(text, surroundings, home)}`);
      const ran = await bash(script, {
        cwd: work,
        env: { ...env, ...surroundings.env, KUBECONFIG: surroundings.kubeconfig },
      });
      await surroundings.after();
      return ran;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await rm(home, { recursive: true, force: true });
    },
  };
}

function ignoreAbsence(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}

function bash(
  script: string,
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      '/bin/bash',
      [script],
      { ...options, timeout: BLOCK_TIMEOUT_MS },
      (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, out: out.trimEnd(), err: err.trimEnd() });
      },
    );
    child.stdin?.end();
  });
}

/** Tells the surroundings what is about to be asked; what they cannot give fails the command. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  now: Surroundings | undefined,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const words = Buffer.concat(chunks).toString().split('\0').slice(0, -1);
  try {
    await now?.before(words);
    response.end();
  } catch (error) {
    response.statusCode = 500;
    response.end(`what this needs is not there: ${String(error)}\n`);
  }
}

/** Thrown for a placeholder that nobody knows. */
class UnknownPlaceholderError extends Error {
  override readonly name = 'UnknownPlaceholderError';
}

/** The text with what is the reader's own as it is here. */
function fill(text: string, surroundings: Surroundings, home: string): string {
  const { words } = surroundings;
  const urls = surroundings.servers(text);
  let filled = text.replaceAll(
    /<([A-Za-z][A-Za-z' -]*)>|\{([a-z]+)\}/g,
    (whole, name?: string, braced?: string) => {
      const value = words[name ?? braced ?? ''];
      if (value !== undefined) return value;
      if (braced !== undefined) return whole;
      throw new UnknownPlaceholderError(`nobody knows what ${whole} stands for`);
    },
  );
  for (const [name, port] of Object.entries(SERVERS))
    filled = filled.replaceAll(
      new RegExp(`http://(?:localhost|127\\.0\\.0\\.1|headwind-\\w+(?:\\.[a-z.-]+)?):${port}\\b`, 'g'),
      urls[name === 'webhook' || name === 'api' || name === 'ui' ? name : 'metrics'],
    );
  return filled
    .replaceAll(/\/tmp\/headwind-demo-\w+\/kubeconfig/g, words['the kubeconfig of the demo'] ?? '$KUBECONFIG')
    .replaceAll('/usr/local/bin', join(home, 'local/bin'));
}

const DEPLOY = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  annotations: { headwind.sh/policy: minor }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, image: "nginx:1.25.0" }] }
`;
