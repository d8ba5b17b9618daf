import type { Clock } from '../core/clock.ts';
import type { Credential } from '../core/credential.ts';
import { isTag, repositoryKey, toRepository, type Repository } from '../core/image-reference.ts';
import { createAsker, type Asker } from './asker.ts';
import { createEndpoints } from './endpoint.ts';
import { Unavailable } from './failure.ts';
import { createHosts, type RegistryLog, type RequestObservation } from './hosts.ts';
import type { Transport } from './http.ts';
import { identityKey, type Identity } from './identity.ts';
import { findTag } from './manifest.ts';
import { createSingleFlight } from './single-flight.ts';
import { createTokens } from './tokens.ts';
import { createTransport } from './transport.ts';

export interface ConfirmQuestion {
  readonly repository: Repository;
  readonly tag: string;
  /** The workload's own, the most specific first. Asked for once per question. */
  readonly credentials: () => Promise<readonly Credential[]>;
  readonly signal?: AbortSignal | undefined;
}

/** What the registry says about a tag. The messages are for a person: they name the host and hold no secret. */
export type Confirmation =
  | { readonly outcome: 'found'; readonly digest: string }
  /** Definite: the registry itself says that there is no such tag or no such repository. */
  | { readonly outcome: 'missing'; readonly message: string }
  /** Nothing is known. `retryAfterMs`: when it makes sense to ask again, where that is known. */
  | { readonly outcome: 'unavailable'; readonly message: string; readonly retryAfterMs?: number };

export interface Registry {
  /**
   * Asks the registry for a tag's digest, as each of the credentials in turn and then as nobody, until one is told.
   * Rejects only with the reason of `signal`; whatever else goes wrong is `unavailable`. Answers within 30 s of having
   * the credentials.
   */
  confirm(question: ConfirmQuestion): Promise<Confirmation>;
  /** How many hosts are let alone at present because they failed several times in a row. */
  openCircuits(): number;
  /** Ends all questions under way, as `unavailable`, and closes connections. */
  close(): void;
}

export interface RegistryOptions {
  /** Hosts, with their port, that are asked by plain HTTP; all others by HTTPS. */
  readonly insecureHosts: readonly string[];
  readonly clock: Clock;
  readonly log: RegistryLog;
  readonly onRequest?: ((observation: RequestObservation) => void) | undefined;
  readonly transport?: Transport;
}

const DEADLINE_MS = 30_000;
/** More are not tried: every one that is refused costs the registry, and us, a request. */
const MAX_CREDENTIALS = 8;

/** The client of all OCI registries: what several workloads ask at the same time is asked once. */
export function createRegistry(options: RegistryOptions): Registry {
  const { clock, log, onRequest } = options;
  const transport = options.transport ?? createTransport({ clock });
  const hosts = createHosts({ transport, clock, log, onRequest });
  const asker = createAsker({
    hosts,
    tokens: createTokens({ hosts, clock }),
    endpoints: createEndpoints(options.insecureHosts),
  });
  const flights = createSingleFlight<Confirmation>();
  const closing = new AbortController();

  const ask = async (question: ConfirmQuestion): Promise<Confirmation> => {
    const { tag } = question;
    const repository = toRepository(question.repository.host, question.repository.path);
    if (!repository.ok) return { outcome: 'missing', message: repository.error };
    if (!isTag(tag))
      return { outcome: 'missing', message: `${JSON.stringify(tag.slice(0, 128))} is not a tag` };
    let credentials;
    try {
      credentials = await question.credentials();
    } catch (error) {
      log.warn(
        { error, repository: repositoryKey(repository.value) },
        'the credentials for a registry cannot be had',
      );
      return { outcome: 'unavailable', message: 'the credentials for the registry could not be read' };
    }
    const identities = identitiesOf(credentials);
    // With the identities in it, so that what one namespace may see is never told to another.
    const key = JSON.stringify([repositoryKey(repository.value), tag, ...identities.keys()]);
    return flights.run(key, () =>
      withDeadline({ host: repository.value.host, clock, closing: closing.signal }, (signal) =>
        confirmAs([...identities.values()], { asker, repository: repository.value, tag, signal }),
      ),
    );
  };

  return {
    confirm: (question) => unlessAborted(question.signal, () => ask(question)),
    openCircuits: () => hosts.openCircuits(),
    close: () => {
      closing.abort();
      transport.close();
    },
  };
}

/** By key, each once, nobody in particular last. */
function identitiesOf(credentials: readonly Credential[]): ReadonlyMap<string, Identity> {
  const identities = credentials.slice(0, MAX_CREDENTIALS);
  return new Map<string, Identity>(
    [...identities, undefined].map((identity) => [identityKey(identity), identity]),
  );
}

async function confirmAs(
  identities: readonly Identity[],
  question: {
    readonly asker: Asker;
    readonly repository: Repository;
    readonly tag: string;
    readonly signal: AbortSignal;
  },
): Promise<Confirmation> {
  let missing: Confirmation | undefined;
  let refused = '';
  for (const identity of identities) {
    // Where somebody with a credential sees nothing, nobody sees no more.
    if (identity === undefined && missing !== undefined) break;
    const finding = await findTag(question.asker, { ...question, identity });
    if (finding.kind === 'found') return { outcome: 'found', digest: finding.digest };
    // Another credential may still see it: some registries hide by 404 what they do not show.
    if (finding.kind === 'missing') missing ??= { outcome: 'missing', message: finding.message };
    // What it says about a credential tells more than what it says about having none.
    else if (identity !== undefined || refused === '') refused = finding.message;
  }
  return missing ?? { outcome: 'unavailable', message: `${refused} (${asWhom(identities.length - 1)})` };
}

function asWhom(credentials: number): string {
  if (credentials === 0)
    return 'asked without credentials: no imagePullSecrets of the pod or its service account are for it';
  const tried = credentials === 1 ? 'one credential' : `${credentials} credentials`;
  return `asked with ${tried}, and without`;
}

/** Runs `work` until its end, 30 s, or the closing of the client; failures become `unavailable`. */
async function withDeadline(
  { host, clock, closing }: { readonly host: string; readonly clock: Clock; readonly closing: AbortSignal },
  work: (signal: AbortSignal) => Promise<Confirmation>,
): Promise<Confirmation> {
  const controller = new AbortController();
  const stopTimer = clock.after(DEADLINE_MS, () =>
    controller.abort(new Unavailable(`${host} gave no answer within ${DEADLINE_MS / 1000} s`)),
  );
  const close = (): void =>
    controller.abort(new Unavailable(`${host} was not asked to the end: Headwind is stopping`));
  closing.addEventListener('abort', close, { once: true });
  if (closing.aborted) close();
  try {
    return await unlessAborted(controller.signal, () => work(controller.signal));
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const { message, retryAfterMs } = error;
    return { outcome: 'unavailable', message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  } finally {
    stopTimer();
    closing.removeEventListener('abort', close);
  }
}

/** The result of `work`, or the rejection with the signal's reason if that comes first; `work` itself goes on. */
async function unlessAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) return work();
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(toError(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('the question was given up', { cause: reason });
}
