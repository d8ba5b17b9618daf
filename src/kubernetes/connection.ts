import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { ClientCertificate, CredentialSource } from './credential-source.ts';
import { createExecPlugin, type ExecClusterInfo, type Person } from './exec-plugin.ts';
import {
  type ChosenContext,
  chooseContext,
  contextNames,
  KubeconfigError,
  type KubeconfigFile,
} from './kubeconfig.ts';
import { createTokenFile } from './token-file.ts';

/** How TLS is spoken with the API server; without a field, Node's defaults. */
export interface TlsSettings {
  /** PEM. */
  readonly ca?: string | undefined;
  readonly certificate?: ClientCertificate | undefined;
  /** The name that the server's certificate must carry, where it is not the host of the address. */
  readonly serverName?: string | undefined;
  /** Believes every certificate. */
  readonly insecure?: boolean | undefined;
}

/** As whom to act, where that is somebody else (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation). */
export interface Impersonation {
  readonly user: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
}

/** Proxies by the scheme of what is reached through them, and what is reached without, as in NO_PROXY. */
export interface ConnectionProxy {
  readonly http: string | undefined;
  readonly https: string | undefined;
  readonly except?: string | undefined;
}

/** Where an API server is and how to prove who we are. */
export interface Connection extends CredentialSource {
  /** https:// or http://, with a path where a proxy serves the API below one. */
  readonly server: URL;
  readonly tls?: TlsSettings | undefined;
  readonly proxy?: ConnectionProxy | undefined;
  readonly basic?: { readonly username: string; readonly password: string } | undefined;
  readonly impersonate?: Impersonation | undefined;
  /** The namespace that the context or the pod lives in. */
  readonly namespace?: string | undefined;
  /** Whether it is a pod's own, by its service account. */
  readonly inCluster?: boolean | undefined;
  /** What the kubeconfig calls the user; no proof of who it is. */
  readonly userName?: string | undefined;
}

export interface LoadConnectionOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a UTF-8 text file; rejects with `code: 'ENOENT'` where there is none. */
  readonly readFile: (path: string) => Promise<string>;
  readonly clock: Clock;
  /** A kubeconfig named by the user; it wins over everything, and it must exist. */
  readonly kubeconfig?: string | undefined;
  /** A context named by the user, in place of the current one. */
  readonly context?: string | undefined;
  /** As whom the user wants to act, in place of what the kubeconfig says. */
  readonly impersonate?: Impersonation | undefined;
  /**
   * Somebody who runs the program by hand, as they run kubectl: a credential plugin may ask them, and the proxies of the
   * environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) count where the kubeconfig names none.
   */
  readonly person?: Person | undefined;
}

/** What a cluster's entry holds under this name is for credential plugins. */
const FOR_PLUGINS = 'client.authentication.k8s.io/exec';
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Finds the API server, in this order: `kubeconfig`, HEADWIND_KUBECONFIG, KUBECONFIG (one file or several), the pod's service account,
 * ~/.kube/config. Throws KubeconfigError, or an Error that lists where it looked.
 */
export async function loadConnection(options: LoadConnectionOptions): Promise<Connection> {
  const paths = namedPaths(options);
  if (paths !== undefined) {
    const files = await readKubeconfigs(paths, options);
    if (files.length === 0) throw new KubeconfigError(`${paths.join(', ')}: no such file`);
    return fromKubeconfig(files, options);
  }
  const inCluster = await loadInCluster(options);
  if (inCluster !== undefined) return inCluster;
  const fallback = homePath(options);
  const files = fallback === undefined ? [] : await readKubeconfigs([fallback], options);
  if (files.length > 0) return fromKubeconfig(files, options);
  throw new Error(
    `no Kubernetes API server is known: KUBECONFIG is not set, this is not a pod with a service account, and ${fallback ?? '~/.kube/config'} does not exist`,
  );
}

/** The contexts of the kubeconfig that would be used. Throws KubeconfigError. */
export async function listContexts(
  options: Pick<LoadConnectionOptions, 'env' | 'readFile' | 'kubeconfig'>,
): Promise<readonly string[]> {
  const fallback = homePath(options);
  const paths = namedPaths(options) ?? (fallback === undefined ? [] : [fallback]);
  return contextNames(await readKubeconfigs(paths, options));
}

function namedPaths({
  kubeconfig,
  env,
}: Pick<LoadConnectionOptions, 'env' | 'kubeconfig'>): readonly string[] | undefined {
  const named = kubeconfig ?? nonEmpty(env['HEADWIND_KUBECONFIG']) ?? nonEmpty(env['KUBECONFIG']);
  return named?.split(delimiter).filter((path) => path !== '');
}

function homePath({ env }: Pick<LoadConnectionOptions, 'env'>): string | undefined {
  const home = nonEmpty(env['HOME']) ?? nonEmpty(env['USERPROFILE']);
  return home === undefined ? undefined : join(home, '.kube', 'config');
}

/** Files that do not exist are passed over, as kubectl does. */
async function readKubeconfigs(
  paths: readonly string[],
  options: Pick<LoadConnectionOptions, 'readFile'>,
): Promise<KubeconfigFile[]> {
  const files: KubeconfigFile[] = [];
  for (const given of paths) {
    const path = isAbsolute(given) ? given : resolve(given);
    const text = await readIfPresent(path, options.readFile);
    if (text !== undefined) files.push({ path, text });
  }
  return files;
}

async function readIfPresent(
  path: string,
  readFile: LoadConnectionOptions['readFile'],
): Promise<string | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new KubeconfigError(`${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

async function loadInCluster(options: LoadConnectionOptions): Promise<Connection | undefined> {
  const host = nonEmpty(options.env['KUBERNETES_SERVICE_HOST']);
  const port = nonEmpty(options.env['KUBERNETES_SERVICE_PORT']);
  if (host === undefined || port === undefined) return undefined;
  const tokenPath = `${SERVICE_ACCOUNT}/token`;
  if ((await readIfPresent(tokenPath, options.readFile)) === undefined) return undefined;
  const ca = await readIfPresent(`${SERVICE_ACCOUNT}/ca.crt`, options.readFile);
  const namespace = await readIfPresent(`${SERVICE_ACCOUNT}/namespace`, options.readFile);
  return {
    ...createTokenFile({ path: tokenPath, readFile: options.readFile, clock: options.clock }),
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    tls: { ca },
    namespace: nonEmpty(namespace?.trim()),
    inCluster: true,
  };
}

async function fromKubeconfig(
  files: readonly KubeconfigFile[],
  options: LoadConnectionOptions,
): Promise<Connection> {
  const chosen = chooseContext(files, options.context);
  const tls = await tlsOf(chosen, options.readFile);
  const { username, password } = chosen.user;
  return {
    ...credentialsOf(chosen, tls, options),
    server: new URL(chosen.cluster.server),
    tls,
    proxy: proxyOf(chosen, options),
    basic:
      nonEmpty(username) === undefined ? undefined : { username: username ?? '', password: password ?? '' },
    impersonate: options.impersonate ?? impersonationOf(chosen.user),
    namespace: chosen.namespace,
    userName: chosen.userName,
  };
}

function proxyOf(
  { cluster }: ChosenContext,
  { env, person }: LoadConnectionOptions,
): ConnectionProxy | undefined {
  const own = nonEmpty(cluster['proxy-url']);
  if (own !== undefined) return { http: own, https: own };
  // kubectl too never asks the environment's proxies for what is on this machine.
  if (person === undefined || isLocal(new URL(cluster.server).hostname)) return undefined;
  const either = (name: string): string | undefined =>
    nonEmpty(env[name]) ?? nonEmpty(env[name.toLowerCase()]);
  const [http, https] = [either('HTTP_PROXY'), either('HTTPS_PROXY')];
  return http === undefined && https === undefined ? undefined : { http, https, except: either('NO_PROXY') };
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);
}

function impersonationOf({ as, ...user }: ChosenContext['user']): Impersonation | undefined {
  if (nonEmpty(as) === undefined) return undefined;
  return { user: as ?? '', uid: nonEmpty(user['as-uid']), groups: user['as-groups'] ?? [] };
}

async function tlsOf(
  chosen: ChosenContext,
  readFile: LoadConnectionOptions['readFile'],
): Promise<TlsSettings> {
  const { cluster, user } = chosen;
  const ofCluster = { file: chosen.clusterFile, readFile };
  const ofUser = { file: chosen.userFile, readFile };
  const ca = await pemOf(cluster, 'certificate-authority', ofCluster);
  const cert = await pemOf(user, 'client-certificate', ofUser);
  const key = await pemOf(user, 'client-key', ofUser);
  if ((cert === undefined) !== (key === undefined)) {
    throw new KubeconfigError(
      `${chosen.userFile}: client-certificate and client-key belong together, but one of them is missing`,
    );
  }
  return {
    ca,
    certificate: cert === undefined || key === undefined ? undefined : { cert, key },
    serverName: nonEmpty(cluster['tls-server-name']),
    insecure: cluster['insecure-skip-tls-verify'],
  };
}

/** The PEM text under `<field>-data` (base64, which wins as in kubectl) or in the file that `field` names. */
async function pemOf<F extends string>(
  section: { readonly [key in F | `${F}-data`]?: string | undefined },
  field: F,
  where: { readonly file: string; readonly readFile: LoadConnectionOptions['readFile'] },
): Promise<string | undefined> {
  const data = nonEmpty(section[`${field}-data`]);
  if (data !== undefined) {
    const pem = Buffer.from(data, 'base64').toString('utf8');
    if (!pem.includes('-----BEGIN ')) {
      throw new KubeconfigError(`${where.file}: ${field}-data is not base64 of a PEM text`);
    }
    return pem;
  }
  const path = section[field];
  if (path === undefined) return undefined;
  try {
    return await where.readFile(path);
  } catch (cause) {
    throw new KubeconfigError(`${where.file}: ${field} ${path} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** kubectl's order: a token file, a token, a plugin. A certificate or a password needs none of them. */
function credentialsOf(
  chosen: ChosenContext,
  tls: TlsSettings,
  options: LoadConnectionOptions,
): CredentialSource {
  const { user, cluster } = chosen;
  const token = nonEmpty(user.token);
  if (user.tokenFile !== undefined) {
    return createTokenFile({
      path: user.tokenFile,
      readFile: options.readFile,
      clock: options.clock,
      fallback: token,
    });
  }
  if (token !== undefined) return { token: () => Promise.resolve(token) };
  if (user.exec === undefined) return { token: () => Promise.resolve(undefined) };
  const ofPlugin = cluster.extensions?.find(({ name }) => name === FOR_PLUGINS);
  const info: ExecClusterInfo = {
    server: cluster.server,
    ...(tls.serverName === undefined ? {} : { 'tls-server-name': tls.serverName }),
    ...(tls.insecure === true ? { 'insecure-skip-tls-verify': true } : {}),
    ...(tls.ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(tls.ca).toString('base64') }),
    ...(nonEmpty(cluster['proxy-url']) === undefined ? {} : { 'proxy-url': cluster['proxy-url'] ?? '' }),
    ...(ofPlugin === undefined ? {} : { config: ofPlugin.extension }),
  };
  const { env, clock, person } = options;
  return createExecPlugin({ exec: user.exec, cluster: info, env, clock, person });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
