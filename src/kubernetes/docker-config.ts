import { z } from 'zod';
import type { Credential } from '../core/credential.ts';
import { normaliseHost, type Repository } from '../core/image-reference.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { trimmed, trimmedEnd } from '../core/trimmed.ts';

/** One entry of a Docker configuration: for whom it is and what to say there. */
export interface RegistryLogin {
  /** Normalised; one `*` stands for what is between two dots, as in `*.azurecr.io`. */
  readonly host: string;
  /** The part of the registry that it is for, without slashes around it; empty for all of it. */
  readonly path: string;
  readonly credential: Credential;
}

const Entry = z
  .object({
    username: z.string().optional().catch(undefined),
    password: z.string().optional().catch(undefined),
    auth: z.string().optional().catch(undefined),
    identitytoken: z.string().optional().catch(undefined),
  })
  .nullable()
  .catch(null);
const Auths = z.record(z.string(), Entry);
const DockerConfigJson = z.object({ auths: Auths.nullish() });

/**
 * Reads the text of `.dockerconfigjson` (`{"auths": {…}}`) or of the older `.dockercfg` (the auths alone). Entries that cannot be read or
 * say nothing are left out. The error never quotes the text.
 */
export function parseDockerConfig(
  text: string,
  form: 'dockerconfigjson' | 'dockercfg',
): Result<readonly RegistryLogin[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail('it is not JSON');
  }
  const auths =
    form === 'dockercfg'
      ? Auths.safeParse(value)
      : DockerConfigJson.transform((c) => c.auths ?? {}).safeParse(value);
  if (!auths.success) return fail(form === 'dockercfg' ? 'it is not an object' : 'it has no "auths" object');
  const logins: RegistryLogin[] = [];
  for (const [key, entry] of Object.entries(auths.data)) {
    const credential = entry == null ? undefined : toCredential(entry);
    if (credential !== undefined) logins.push({ ...parseKey(key), credential });
  }
  return ok(logins);
}

/** The logins that are meant for `repository`, the most specific first; equal ones in their order. */
export function loginsFor<T extends RegistryLogin>(
  repository: Repository,
  logins: readonly T[],
): readonly T[] {
  return logins
    .filter((login) => matchesHost(login.host, repository.host) && matchesPath(login.path, repository.path))
    .sort((a, b) => b.path.length - a.path.length || wildcards(a.host) - wildcards(b.host));
}

function toCredential(entry: NonNullable<z.infer<typeof Entry>>): Credential | undefined {
  if (entry.identitytoken !== undefined && entry.identitytoken !== '') {
    return { identityToken: entry.identitytoken };
  }
  if (entry.username && entry.password) return { username: entry.username, password: entry.password };
  const decoded = Buffer.from(entry.auth ?? '', 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon <= 0) return undefined;
  // Docker pads what it writes there with zero bytes.
  const password = trimmedEnd(decoded.slice(colon + 1), '\0');
  return password === '' ? undefined : { username: decoded.slice(0, colon), password };
}

/**
 * A key is a host with or without scheme, port and path; `/v1/` and `/v2/` in front of the path are the registry's API and
 * not part of it (the kubelet's rule, https://kubernetes.io/docs/concepts/containers/images/#config-json).
 */
function parseKey(key: string): { host: string; path: string } {
  const bare = key.trim().replace(/^https?:\/\//i, '');
  const slash = bare.indexOf('/');
  const host = slash < 0 ? bare : bare.slice(0, slash);
  const path = slash < 0 ? '' : bare.slice(slash).replace(/^\/v[12](?=\/|$)/, '');
  return { host: normaliseHost(host), path: trimmed(path, '/') };
}

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  if (!pattern.includes('*')) return false;
  const wanted = splitHost(pattern);
  const given = splitHost(host);
  if (wanted.port !== given.port || wanted.labels.length !== given.labels.length) return false;
  return wanted.labels.every((label, index) => matchesLabel(label, given.labels[index] ?? ''));
}

function splitHost(host: string): { readonly labels: readonly string[]; readonly port: string } {
  const colon = host.lastIndexOf(':');
  const name = colon < 0 ? host : host.slice(0, colon);
  return { labels: name.split('.'), port: colon < 0 ? '' : host.slice(colon + 1) };
}

/** Linear: of a label with several stars only the first and the last piece are anchored. */
function matchesLabel(pattern: string, label: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === label;
  if (label.length < first.length + last.length) return false;
  if (!label.startsWith(first) || !label.endsWith(last)) return false;
  let from = first.length;
  const end = label.length - last.length;
  for (const piece of rest) {
    const at = label.indexOf(piece, from);
    if (at < 0 || at + piece.length > end) return false;
    from = at + piece.length;
  }
  return true;
}

/** Whole components only: a login for `shop` is not told to `shop-of-somebody-else`. */
function matchesPath(prefix: string, path: string): boolean {
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
}

function wildcards(host: string): number {
  return host.split('*').length - 1;
}
