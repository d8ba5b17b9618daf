import { dirname, isAbsolute, join } from 'node:path';
import { loadAll } from 'js-yaml';
import { z } from 'zod';

/** A kubeconfig cannot be used. The message names the file and the field. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

export interface KubeconfigFile {
  readonly path: string;
  readonly text: string;
}

const text = z.string();
const absentIfNull = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined);

const namedWith = (field: string) =>
  absentIfNull(
    z.array(z.looseObject({ name: z.string() }).refine((entry) => field in entry, `${field} is missing`)),
  );

// Entries stay unread here: one that is not used may be as wrong as it likes.
const Document = z.looseObject({
  apiVersion: absentIfNull(text),
  kind: absentIfNull(text),
  'current-context': absentIfNull(text),
  clusters: namedWith('cluster'),
  users: namedWith('user'),
  contexts: namedWith('context'),
});

const Context = z.object({ cluster: text, user: absentIfNull(text), namespace: absentIfNull(text) });

const Cluster = z.object({
  server: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' }),
  'certificate-authority': absentIfNull(text),
  'certificate-authority-data': absentIfNull(text),
  'insecure-skip-tls-verify': absentIfNull(z.boolean()),
  'tls-server-name': absentIfNull(text),
  'proxy-url': absentIfNull(
    z
      .url({
        protocol: /^https?$/,
        error:
          'must be the http:// or https:// address of a proxy (others, such as socks5, are not supported)',
      })
      .or(z.literal('')),
  ),
  extensions: absentIfNull(z.array(z.looseObject({ name: text, extension: z.unknown() }))),
});
export type KubeconfigCluster = z.infer<typeof Cluster>;

const Exec = z.object({
  apiVersion: z.enum(['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']),
  command: text.min(1),
  args: absentIfNull(z.array(text)),
  env: absentIfNull(z.array(z.object({ name: text, value: text }))),
  installHint: absentIfNull(text),
  provideClusterInfo: absentIfNull(z.boolean()),
  interactiveMode: absentIfNull(z.enum(['Never', 'IfAvailable', 'Always'])),
});
export type KubeconfigExec = z.infer<typeof Exec>;

const User = z.object({
  token: absentIfNull(text),
  tokenFile: absentIfNull(text),
  'client-certificate': absentIfNull(text),
  'client-certificate-data': absentIfNull(text),
  'client-key': absentIfNull(text),
  'client-key-data': absentIfNull(text),
  username: absentIfNull(text),
  password: absentIfNull(text),
  exec: absentIfNull(Exec),
  'auth-provider': z.unknown().optional(),
  as: absentIfNull(text),
  'as-uid': absentIfNull(text),
  'as-groups': absentIfNull(z.array(text)),
  'as-user-extra': z.unknown().optional(),
});
export type KubeconfigUser = z.infer<typeof User>;

/** What a context leads to, each part with the file it stands in. Paths are absolute. */
export interface ChosenContext {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly cluster: KubeconfigCluster;
  readonly clusterFile: string;
  readonly user: KubeconfigUser;
  /** What the kubeconfig calls the user. */
  readonly userName: string | undefined;
  readonly userFile: string;
}

interface Entry {
  readonly file: string;
  readonly value: unknown;
}

type Section = 'clusters' | 'users' | 'contexts';

/**
 * Merges kubeconfig files as kubectl does (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/:
 * of each named entry and of `current-context` the first file that has it wins, whole) and follows `context`, or
 * the current one, to its cluster and user. Throws KubeconfigError.
 */
export function chooseContext(files: readonly KubeconfigFile[], context?: string): ChosenContext {
  const merged = merge(files);
  const paths = files.map((file) => file.path).join(', ');
  const name = context ?? merged.currentContext;
  if (name === undefined || name === '') {
    throw new KubeconfigError(`${paths}: current-context is not set${known(merged.contexts)}`);
  }
  const contextEntry = merged.contexts.get(name);
  if (contextEntry === undefined) {
    throw new KubeconfigError(`${paths}: there is no context "${name}"${known(merged.contexts)}`);
  }
  const chosen = read(Context, contextEntry, `context "${name}"`);
  const missing = (what: string): KubeconfigError =>
    new KubeconfigError(`${contextEntry.file}: context "${name}" names ${what}, which does not exist`);
  const clusterEntry = merged.clusters.get(chosen.cluster);
  if (clusterEntry === undefined) throw missing(`cluster "${chosen.cluster}"`);
  // Without a user the API server is asked anonymously.
  const userName = chosen.user === '' ? undefined : chosen.user;
  const userEntry =
    userName === undefined ? { file: contextEntry.file, value: {} } : merged.users.get(userName);
  if (userEntry === undefined) throw missing(`user "${userName}"`);
  const cluster = read(Cluster, clusterEntry, `cluster "${chosen.cluster}"`);
  const user = read(User, userEntry, `user "${userName}"`);
  refuseUnsupportedCluster(cluster, `${clusterEntry.file}: cluster "${chosen.cluster}"`);
  refuseUnsupportedUser(user, `${userEntry.file}: user "${userName}"`);
  return {
    name,
    namespace: chosen.namespace === '' ? undefined : chosen.namespace,
    cluster: {
      ...cluster,
      'certificate-authority': resolve(clusterEntry.file, cluster['certificate-authority']),
    },
    clusterFile: clusterEntry.file,
    user: resolveUserPaths(userEntry.file, user),
    userName,
    userFile: userEntry.file,
  };
}

/** The names of all contexts. Throws KubeconfigError. */
export function contextNames(files: readonly KubeconfigFile[]): readonly string[] {
  return [...merge(files).contexts.keys()];
}

interface Merged extends Record<Section, ReadonlyMap<string, Entry>> {
  readonly currentContext: string | undefined;
}

function merge(files: readonly KubeconfigFile[]): Merged {
  const sections = {
    clusters: new Map<string, Entry>(),
    users: new Map<string, Entry>(),
    contexts: new Map<string, Entry>(),
  };
  let currentContext: string | undefined;
  for (const file of files) {
    const document = parseDocument(file);
    // An empty string is what kubectl writes for "none": it does not stop the next file from setting one.
    if (currentContext === undefined || currentContext === '') currentContext = document['current-context'];
    addEntries(sections.clusters, file.path, document.clusters, 'cluster');
    addEntries(sections.users, file.path, document.users, 'user');
    addEntries(sections.contexts, file.path, document.contexts, 'context');
  }
  return { ...sections, currentContext };
}

function addEntries(
  into: Map<string, Entry>,
  file: string,
  entries: readonly { readonly name: string; readonly [field: string]: unknown }[] | undefined,
  field: string,
): void {
  for (const entry of entries ?? []) {
    const present = into.get(entry.name);
    if (present?.file === file) throw new KubeconfigError(`${file}: it has two of ${field} "${entry.name}"`);
    if (present === undefined) into.set(entry.name, { file, value: entry[field] });
  }
}

function parseDocument(file: KubeconfigFile): z.infer<typeof Document> {
  let value: unknown;
  try {
    [value] = loadAll(file.text, { filename: file.path });
  } catch (cause) {
    // The cause quotes what it stumbled over, which may be a token: only the place is told.
    throw new KubeconfigError(`${file.path} is not YAML${placeOf(cause)}`);
  }
  if (value == null) value = {};
  return read(Document, { file: file.path, value }, '');
}

const Marked = z.object({ mark: z.object({ line: z.number() }) });

function placeOf(thrown: unknown): string {
  const parsed = Marked.safeParse(thrown);
  return parsed.success ? ` (line ${parsed.data.mark.line + 1})` : '';
}

function read<T extends z.ZodType>(schema: T, entry: Entry, what: string): z.output<T> {
  const parsed = schema.safeParse(entry.value ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const field = issue.path.map(String).join('.');
    return field === '' ? issue.message : `${field}: ${issue.message}`;
  });
  throw new KubeconfigError(`${entry.file}: ${what === '' ? '' : `${what}: `}${problems.join('; ')}`);
}

function refuseUnsupportedCluster(cluster: KubeconfigCluster, where: string): void {
  const hasCa = (cluster['certificate-authority'] ?? cluster['certificate-authority-data'] ?? '') !== '';
  if (cluster['insecure-skip-tls-verify'] === true && hasCa) {
    throw new KubeconfigError(
      `${where}: insecure-skip-tls-verify and a certificate-authority contradict each other; remove one`,
    );
  }
}

function refuseUnsupportedUser(user: KubeconfigUser, where: string): void {
  if (user['auth-provider'] != null) {
    throw new KubeconfigError(
      `${where}: auth-provider is not supported (Kubernetes 1.26 removed it); use the provider's exec plugin`,
    );
  }
  if (user['as-user-extra'] != null) {
    throw new KubeconfigError(`${where}: as-user-extra is not supported; as, as-uid and as-groups are`);
  }
  if ((user.as ?? '') === '' && (user['as-uid'] ?? user['as-groups']) !== undefined) {
    throw new KubeconfigError(`${where}: as-uid and as-groups go with as, which is not set`);
  }
}

function known(entries: ReadonlyMap<string, Entry>): string {
  const names = [...entries.keys()].slice(0, 20);
  return names.length === 0 ? '; the file has no contexts' : `; there are: ${names.join(', ')}`;
}

/** Paths in a kubeconfig are relative to the file they stand in. */
function resolve(file: string, path: string | undefined): string | undefined {
  if (path === undefined || path === '') return undefined;
  return isAbsolute(path) ? path : join(dirname(file), path);
}

function resolveUserPaths(file: string, user: KubeconfigUser): KubeconfigUser {
  // A command without a slash is looked up on PATH, one with a slash is relative to the file.
  const exec =
    user.exec?.command.includes('/') === true
      ? { ...user.exec, command: resolve(file, user.exec.command) ?? user.exec.command }
      : user.exec;
  return {
    ...user,
    exec,
    tokenFile: resolve(file, user.tokenFile),
    'client-certificate': resolve(file, user['client-certificate']),
    'client-key': resolve(file, user['client-key']),
  };
}
