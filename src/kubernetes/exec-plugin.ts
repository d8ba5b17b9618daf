import { spawn } from 'node:child_process';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { ClientCertificate, CredentialSource } from './credential-source.ts';
import type { KubeconfigExec } from './kubeconfig.ts';

/** The cluster as a plugin is told of it when it asks (`provideClusterInfo`). */
export interface ExecClusterInfo {
  readonly server: string;
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'certificate-authority-data'?: string;
  readonly 'proxy-url'?: string;
  /** What the kubeconfig holds for the plugin alone. */
  readonly config?: unknown;
}

/** Somebody who runs the program by hand. */
export interface Person {
  /** Whether the standard input is a terminal that nobody else reads. */
  readonly canAnswer: boolean;
}

export interface ExecPluginOptions {
  readonly exec: KubeconfigExec;
  readonly cluster: ExecClusterInfo;
  /** The environment that the plugin inherits. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Who can be asked, and is shown what the plugin writes to its standard error; without it nobody. */
  readonly person?: Person | undefined;
  /** How long the plugin may take, in milliseconds; without it 60 s, and 10 minutes for a person. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 60_000;
/** Somebody looks for a password, or for the telephone with the second factor. */
const PERSON_TIMEOUT_MS = 600_000;
const MAX_OUTPUT = 1024 * 1024;
// A credential that ends while the request travels helps nobody.
const EXPIRY_MARGIN_MS = 10_000;

const ExecCredential = z.object({
  apiVersion: z.string(),
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: z.string().min(1).optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.iso.datetime({ offset: true }).optional(),
  }),
});

interface Credential {
  readonly token: string | undefined;
  readonly certificate: ClientCertificate | undefined;
  readonly expiresAtMs: number;
}

/**
 * Credentials from a plugin (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins),
 * kept until they expire or the server refuses them; the plugin never runs twice at a time. Where a person is there it
 * may ask, as far as `interactiveMode` lets it, and its standard error is theirs; else its standard input is closed, and
 * what it writes to its standard error stands in the error message, shortened. What it answers never does.
 */
export function createExecPlugin(options: ExecPluginOptions): CredentialSource {
  let current: Credential | undefined;
  let running: Promise<Credential> | undefined;

  function run(): Promise<Credential> {
    running ??= runPlugin(options)
      .then((credential) => {
        current = credential;
        return credential;
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  function credential(): Promise<Credential> {
    const usable = current !== undefined && options.clock.now() < current.expiresAtMs - EXPIRY_MARGIN_MS;
    return usable && current !== undefined ? Promise.resolve(current) : run();
  }

  return {
    token: async () => (await credential()).token,
    clientCertificate: async () => (await credential()).certificate,
    async renew(refused) {
      // Of many requests that were refused together the first one runs the plugin for all.
      if (current !== undefined && current.token !== refused) return true;
      await run();
      return true;
    },
  };
}

async function runPlugin(options: ExecPluginOptions): Promise<Credential> {
  const { exec } = options;
  const output = await outputOf(options);
  const bad = (why: string): Error => new Error(`the credential plugin ${exec.command} answered ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    throw bad('with something that is not JSON');
  }
  const parsed = ExecCredential.safeParse(value);
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => issue.path.map(String).join('.') || 'the whole');
    throw bad(`with an ExecCredential whose ${fields.join(', ')} cannot be used`);
  }
  const { apiVersion, status } = parsed.data;
  if (apiVersion !== exec.apiVersion) {
    throw bad(`in ${apiVersion}, but the kubeconfig says ${exec.apiVersion}`);
  }
  const { clientCertificateData: cert, clientKeyData: key } = status;
  if ((cert === undefined) !== (key === undefined)) throw bad('with half of a client certificate');
  if (status.token === undefined && cert === undefined) throw bad('with neither a token nor a certificate');
  return {
    token: status.token,
    certificate: cert === undefined || key === undefined ? undefined : { cert, key },
    expiresAtMs:
      status.expirationTimestamp === undefined
        ? Number.POSITIVE_INFINITY
        : Date.parse(status.expirationTimestamp),
  };
}

function environmentFor(options: ExecPluginOptions): Record<string, string> {
  const { exec } = options;
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.env)) {
    if (value !== undefined) environment[name] = value;
  }
  for (const { name, value } of exec.env ?? []) environment[name] = value;
  const interactive = mayAsk(options);
  const spec = exec.provideClusterInfo === true ? { interactive, cluster: options.cluster } : { interactive };
  environment['KUBERNETES_EXEC_INFO'] = JSON.stringify({
    apiVersion: exec.apiVersion,
    kind: 'ExecCredential',
    spec,
  });
  return environment;
}

function mayAsk({ exec, person }: ExecPluginOptions): boolean {
  return person?.canAnswer === true && exec.interactiveMode !== 'Never';
}

function outputOf(options: ExecPluginOptions): Promise<string> {
  const { exec, person } = options;
  if (exec.interactiveMode === 'Always' && !mayAsk(options))
    return Promise.reject(
      new Error(
        `the credential plugin ${exec.command} has to ask something (interactiveMode: Always), and the standard input is no terminal where somebody could answer`,
      ),
    );
  const timeoutMs = options.timeoutMs ?? (person === undefined ? TIMEOUT_MS : PERSON_TIMEOUT_MS);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(exec.command, exec.args ?? [], {
    env: environmentFor(options),
    stdio: [mayAsk(options) ? 'inherit' : 'ignore', 'pipe', person === undefined ? 'pipe' : 'inherit'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const stdout: Buffer[] = [];
  let size = 0;
  let complaint = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_OUTPUT) child.kill('SIGKILL');
    else stdout.push(chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-500);
  });
  child.on('error', (cause) => {
    const hint = exec.installHint === undefined ? '' : `; ${exec.installHint.trim()}`;
    reject(
      new Error(`the credential plugin ${exec.command} cannot be started: ${cause.message}${hint}`, {
        cause,
      }),
    );
  });
  child.on('close', (code, signal) => {
    if (size > MAX_OUTPUT) {
      reject(new Error(`the credential plugin ${exec.command} wrote more than ${MAX_OUTPUT} bytes`));
    } else if (code === 0) {
      resolve(Buffer.concat(stdout).toString('utf8'));
    } else {
      const how =
        code == null ? `was ended by ${signal ?? 'a signal'} (limit ${timeoutMs} ms)` : `failed with ${code}`;
      const said = complaint.trim() === '' ? '' : `: ${complaint.trim()}`;
      reject(new Error(`the credential plugin ${exec.command} ${how}${said}`));
    }
  });
  return promise;
}
