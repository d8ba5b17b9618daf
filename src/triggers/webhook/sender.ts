import {
  isDigest,
  isTag,
  normaliseHost,
  parseRepository,
  repositoryKey,
  toRepository,
  type Repository,
} from '../../core/image-reference.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { Signal } from '../../core/signal.ts';
import { trimmedEnd } from '../../core/trimmed.ts';
import type { Proof } from './proof.ts';

/** A webhook as it came in: the body is parsed JSON and believed in nothing. */
export interface WebhookMessage {
  readonly headers: Headers;
  readonly body: unknown;
}

/** What a body said. */
export interface WebhookReading {
  readonly signals: readonly Signal[];
  /** One sentence for each entry that is no news of a tag: a pull, a delete, a layer, an entry that cannot be read. */
  readonly ignored: readonly string[];
  /** What the sender waits for instead of the usual answer, such as the echo of a validation code. */
  readonly reply?: Readonly<Record<string, string>>;
}

/** What a parser is told beside the body. */
export interface WebhookContext {
  /**
   * The registry host (a path may follow) that the operator's configuration gives for a sender. It stands in where a
   * body names no host, and goes before a host that is only derived.
   */
  readonly hostOf: (sender: string) => string | undefined;
}

/** One sender's format. A new one is a file with one of these and a line in `senders.ts`. */
export interface WebhookSender {
  /** The path under `/webhook/`, and a metric label. */
  readonly name: string;
  /** What a body looks like, for the error that a wrong one is answered with. */
  readonly expects: string;
  /** How it can prove itself, beside the secret at the end of the path that everybody can be given. */
  readonly proofs: readonly Proof[];
  /**
   * What names the deliveries in a message, so that one that comes again is told; empty where one of them has no name.
   * A name says nothing by itself: careless senders give the same to everything.
   */
  deliveryIds?(message: WebhookMessage): readonly string[];
  /** Whether the body has this sender's shape; asked on `/webhook/registry`, where the path does not tell. */
  recognises(message: WebhookMessage): boolean;
  /** The signals in the body, or what is wrong with it. */
  parse(message: WebhookMessage, context: WebhookContext): Result<WebhookReading>;
  /** Whether its bodies are JSON whatever Content-Type says; on its own path only. */
  readonly untyped?: boolean;
}

/** One entry of a body. An ignored one is as it should be; a malformed one lacks what its format demands. */
export type Entry =
  | { readonly kind: 'signal'; readonly signal: Signal }
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'malformed'; readonly reason: string };

/** A body with more entries is refused as a whole: nothing is dropped silently, and reading never blocks for long. */
export const MAX_ENTRIES_PER_BODY = 1000;

const MAX_QUOTED = 100;
const MAX_ID = 512;

/** The first of the headers that names a delivery. */
export function deliveryHeaders(headers: Headers, names: readonly string[]): readonly string[] {
  return namedDeliveries([names.map((name) => headers.get(name)).find((id) => id)]);
}

/** The names, none of them if one is missing or longer than a name can be. */
export function namedDeliveries(ids: readonly (string | null | undefined)[]): readonly string[] {
  const named = ids.flatMap((id) => (id && id.length <= MAX_ID ? [id] : []));
  return named.length === ids.length ? named : [];
}

/** An entry without news. */
export function ignored(reason: string): Entry {
  return { kind: 'ignored', reason };
}

/** A reading without signals, for the reason given. */
export function nothing(reason: string): Result<WebhookReading> {
  return ok({ signals: [], ignored: [reason] });
}

/** An entry that cannot be read. */
export function malformed(reason: string): Entry {
  return { kind: 'malformed', reason };
}

/**
 * Reads each of `items` with `read`. Malformed entries do not lose the others; a body of nothing but malformed ones is
 * an error. Equal signals become one.
 */
export function readEach<T>(
  items: readonly T[],
  read: (item: T, index: number) => Entry,
): Result<WebhookReading> {
  if (items.length > MAX_ENTRIES_PER_BODY)
    return fail(`it has ${items.length} entries; at most ${MAX_ENTRIES_PER_BODY} are read from one body`);
  const signals = new Map<string, Signal>();
  const reasons: string[] = [];
  let readable = items.length === 0;
  for (const [index, item] of items.entries()) {
    const entry = read(item, index);
    readable ||= entry.kind !== 'malformed';
    if (entry.kind === 'signal') signals.set(signalKey(entry.signal), entry.signal);
    else reasons.push(entry.reason);
  }
  if (!readable) return fail(reasons[0] ?? 'nothing in it can be read');
  return ok({ signals: [...signals.values()], ignored: reasons });
}

function signalKey({ type, repository, tag, digest }: Signal): string {
  return `${type} ${repositoryKey(repository)}:${tag}@${digest ?? ''}`;
}

/**
 * The entry for a pushed tag. No tag, a tag that only repeats the digest, and what signing tools push beside an image
 * are ignored, and so is a push whose registry is not known; a digest that is none is left out, as it is only a claim.
 */
export function pushedTag(push: {
  readonly sender: string;
  readonly type: Signal['type'];
  /** Undefined where neither the body nor the configuration names the registry's host. */
  readonly repository: Result<Repository> | undefined;
  readonly tag: string | null | undefined;
  readonly digest?: string | null | undefined;
}): Entry {
  const { sender, type, repository, tag } = push;
  const digest = typeof push.digest === 'string' && isDigest(push.digest) ? push.digest : undefined;
  if (repository?.ok === false) return malformed(repository.error);
  if (tag == null || tag === '') return ignored('a push without a tag');
  if (isDigest(tag) || tag === push.digest) return ignored('a push by digest, without a tag of its own');
  if (ATTACHMENT.test(tag)) return ignored(`${quote(tag)} is a signature or an attestation, not a version`);
  if (!isTag(tag)) return ignored(`${quote(tag)} is not a tag that a registry can hold`);
  if (repository === undefined)
    return ignored(`the registry's host is not known; configure HEADWIND_WEBHOOK_HOSTS="${sender}=<host>"`);
  return {
    kind: 'signal',
    signal: { source: 'webhook', sender, type, repository: repository.value, tag, digest },
  };
}

// cosign's `sha256-<hex>.sig`, `.att`, `.sbom`, and the referrers tag of OCI distribution, which has no suffix.
const ATTACHMENT = /^sha(?:256|512)-[0-9a-f]+(?:\..+)?$/;

/** Whether one of the media types is that of a Helm chart's config, `application/vnd.cncf.helm.config.v1+json`. */
export function isChart(mediaTypes: readonly (string | null | undefined)[]): boolean {
  return mediaTypes.some((mediaType) => mediaType?.includes('helm.config') === true);
}

/**
 * The repository `name` on `host`. Some senders write the host in front of the name as well: there it is taken off.
 * A first component with a port cannot be part of a path, so it is the host whatever `host` says.
 */
export function locate(host: string, name: string): Result<Repository> {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  if (first !== '' && normaliseHost(first) === normaliseHost(host))
    return toRepository(host, name.slice(slash + 1));
  if (first.includes(':')) return parseRepository(name);
  return toRepository(host, name);
}

/**
 * The repository `name` on `place`: a host, a host with the start of the path, or a URL of either. Undefined where no
 * place is known.
 */
export function locateUnder(place: string | null | undefined, name: string): Result<Repository> | undefined {
  const bare = trimmedEnd((place ?? '').replace(/^https?:\/\//i, ''), '/');
  if (bare === '') return undefined;
  const slash = bare.indexOf('/');
  return slash < 0 ? locate(bare, name) : locate(bare.slice(0, slash), `${bare.slice(slash + 1)}/${name}`);
}

/** A full name such as `quay.io/team/app`, a scheme in front of it dropped, in host and path; undefined without a host. */
export function splitHost(name: string): { readonly host: string; readonly path: string } | undefined {
  const bare = name.replace(/^https?:\/\//i, '');
  const slash = bare.indexOf('/');
  return slash > 0 ? { host: bare.slice(0, slash), path: bare.slice(slash + 1) } : undefined;
}

/** The host of an http or https URL, with its port; undefined for anything else. */
export function hostOfUrl(url: string | null | undefined): string | undefined {
  return URL_HOST.exec(url ?? '')?.[1];
}

const URL_HOST = /^https?:\/\/(?:[^/?#@]*@)?([^/?#]+)/i;

/** Text from a body, cut so that it can stand in an error. */
export function quote(text: string): string {
  const quoted = JSON.stringify(text.slice(0, MAX_QUOTED + 1));
  // Escapes may be six times as long as what they stand for.
  return quoted.length > MAX_QUOTED + 2 ? `${quoted.slice(0, MAX_QUOTED)}…"` : quoted;
}
