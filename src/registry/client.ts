import { DEFAULT_REGISTRY_CONFIG, type RegistryConfig } from '../config/registry-hosts.ts';
import type { Clock } from '../core/clock.ts';
import type { Credential } from '../core/credential.ts';
import { isDigest, isTag, repositoryKey, toRepository, type Repository } from '../core/image-reference.ts';
import type { Told } from './answer.ts';
import { createArtifactTypeReader, type ArtifactType } from './artifact-type.ts';
import { askAround, identitiesOf, type Outcome } from './ask-around.ts';
import { createAsker } from './asker.ts';
import { unlessAborted, withDeadline } from './deadline.ts';
import { createEndpoints, type Address } from './endpoint.ts';
import { createHostTable } from './host-table.ts';
import { createHosts, type RegistryLog, type RequestObservation } from './hosts.ts';
import type { Transport } from './http.ts';
import type { ByDigest } from './by-digest.ts';
import type { Identity } from './identity.ts';
import { findTag } from './manifest.ts';
import { createPlatformReader, type ImagePlatforms } from './platforms.ts';
import { createSingleFlight, type SingleFlight } from './single-flight.ts';
import { createTagLists, type TagList } from './tag-list.ts';
import { createTokens } from './tokens.ts';
import { createTransport, timeoutsFor } from './transport.ts';

export interface TagsQuestion {
  readonly repository: Repository;
  /** The workload's own, the most specific first. Asked for once per question. */
  readonly credentials: () => Promise<readonly Credential[]>;
  /** Where there are none: why, for the words. Without it, that the pods' own are meant. */
  readonly nobodyBecause?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ConfirmQuestion extends TagsQuestion {
  readonly tag: string;
  /** Nobody waits for the answer: it is asked for at the rate of polling, behind what is urgent. */
  readonly background?: boolean;
}

/** What the registry says about a tag. The messages are for a person: they name the host and hold no secret. */
export type Confirmation =
  | { readonly outcome: 'found'; readonly digest: string }
  /** Definite: the registry itself says that there is no such tag or no such repository. */
  | { readonly outcome: 'missing'; readonly message: string }
  | Undecided;

export interface DigestQuestion extends TagsQuestion {
  /** Of an index or of a single image; or of a chart. */
  readonly digest: string;
}

/** What an image is built for. The messages are for a person: they name the host and hold no secret. */
export type PlatformsAnswer =
  | ({ readonly outcome: 'found' } & ImagePlatforms)
  /** Definite: the registry itself says that there is no such image. */
  | { readonly outcome: 'missing'; readonly message: string }
  | Undecided;

/** What kind of thing has a digest. The messages are for a person: they name the host and hold no secret. */
export type ArtifactTypeAnswer =
  | ({ readonly outcome: 'found' } & ArtifactType)
  /** Definite: the registry itself says that there is no such thing. */
  | { readonly outcome: 'missing'; readonly message: string }
  | Undecided;

/** Which tags a repository has. The messages are for a person: they name the host and hold no secret. */
export type TagListing =
  | {
      readonly outcome: 'complete';
      /** Each once, in the registry's order, which means nothing. */
      readonly tags: readonly string[];
      /** The same as in the answer before this one to the same credentials. */
      readonly unchanged: boolean;
    }
  /** There are more than may be read, so that nothing can be said about them. */
  | {
      readonly outcome: 'over-budget';
      readonly read: number;
      readonly budget: number;
      readonly message: string;
    }
  /** Definite: the registry itself says that there is no such repository. */
  | { readonly outcome: 'missing'; readonly message: string }
  | Undecided;

/** Nothing is known. */
export interface Undecided {
  readonly outcome: 'unavailable';
  readonly message: string;
  /** When it makes sense to ask again, in milliseconds, where that is known. */
  readonly retryAfterMs?: number;
  /** The registry works, but refuses whoever asks: other credentials are needed. */
  readonly denied?: boolean;
}

export interface Registry {
  /**
   * Asks the registry for a tag's digest, as each of the credentials in turn and then as nobody, until one is told.
   * Rejects only with the reason of `signal`; whatever else goes wrong is `unavailable`. Answers within 30 s of having
   * the credentials, or the host's own timeout where that is longer.
   */
  confirm(question: ConfirmQuestion): Promise<Confirmation>;
  /**
   * Asks for all tags of a repository, in the same way, to the last page. Rejects only with the reason of `signal`.
   * Answers within ten minutes of having the credentials.
   */
  listTags(question: TagsQuestion): Promise<TagListing>;
  /**
   * Asks what the image with this digest is built for, in the same way; what was told once is not asked for again.
   * Rejects only with the reason of `signal`. Answers within 30 s of having the credentials, or the host's own timeout.
   */
  platformsOf(question: DigestQuestion): Promise<PlatformsAnswer>;
  /** Asks what kind of thing has this digest, in the same way and with the same limits. */
  artifactTypeOf(question: DigestQuestion): Promise<ArtifactTypeAnswer>;
  /** How many hosts are let alone at present because they failed several times in a row. */
  openCircuits(): number;
  /** How many requests wait for their turn, at all hosts together. */
  waiting(): number;
  /** What is kept of tag lists for conditional questions, in bytes, roughly. */
  keptBytes(): number;
  /** Ends all questions under way, as `unavailable`, and closes connections. */
  close(): void;
}

export interface RegistryOptions {
  /** Hosts, with their port, that are asked by plain HTTP, beside those of `config`; all others by HTTPS. */
  readonly insecureHosts: readonly string[];
  /** How each host is dealt with. */
  readonly config?: RegistryConfig;
  readonly clock: Clock;
  readonly log: RegistryLog;
  readonly onRequest?: ((observation: RequestObservation) => void) | undefined;
  readonly transport?: Transport;
}

const CONFIRM_LIMIT_MS = 30_000;
const LIST_LIMIT_MS = 600_000;

/** The client of all OCI registries: what several workloads ask at the same time is asked once. */
export function createRegistry(options: RegistryOptions): Registry {
  const { clock, log, onRequest } = options;
  const table = createHostTable(options.config ?? DEFAULT_REGISTRY_CONFIG, options.insecureHosts);
  const transport =
    options.transport ??
    createTransport({
      clock,
      timeoutsOf: (url) => timeoutsFor(table.ofAddress(url).timeoutMs),
      caOf: (url) => table.ofAddress(url).ca,
    });
  const hosts = createHosts({ transport, clock, log, table, onRequest });
  const endpoints = createEndpoints(table);
  const asker = createAsker({ hosts, tokens: createTokens({ hosts, clock }), endpoints });
  const lists = createTagLists(asker);
  const platforms = createPlatformReader(asker);
  const platformFlights = createSingleFlight<Outcome<ImagePlatforms>>();
  const artifactTypes = createArtifactTypeReader(asker);
  const artifactTypeFlights = createSingleFlight<Outcome<ArtifactType>>();
  const confirmations = createSingleFlight<Outcome<string>>();
  const listings = createSingleFlight<Outcome<TagList>>();
  const closing = new AbortController();

  /** Who asks, where, and for how long: the same for all questions. */
  const enquire = async <T>(question: TagsQuestion, enquiry: Enquiry<T>): Promise<Outcome<T>> => {
    const repository = toRepository(question.repository.host, question.repository.path);
    if (!repository.ok) return { outcome: 'missing', message: repository.error };
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
    const key = JSON.stringify([repositoryKey(repository.value), ...enquiry.key, ...identities.keys()]);
    const { host } = repository.value;
    return enquiry.flights.run(key, () =>
      withDeadline({ host, clock, limitMs: enquiry.limitMs(host), closing: closing.signal }, (signal) =>
        askAround({
          mirrors: endpoints.mirrors(repository.value),
          registry: endpoints.registry(repository.value),
          identities: [...identities.values()],
          nobodyBecause: question.nobodyBecause,
          signal,
          log,
          ask: (address, identity) => enquiry.ask({ address, identity, signal }),
        }),
      ),
    );
  };

  const confirm = async (question: ConfirmQuestion): Promise<Confirmation> => {
    const { tag, background = false } = question;
    if (!isTag(tag))
      return { outcome: 'missing', message: `${JSON.stringify(tag.slice(0, 128))} is not a tag` };
    const outcome = await enquire(question, {
      key: [tag, background],
      flights: confirmations,
      limitMs: (host) =>
        background ? LIST_LIMIT_MS : Math.max(CONFIRM_LIMIT_MS, table.ofRegistry(host).timeoutMs),
      ask: (asked) => findTag(asker, { ...asked, tag, urgent: !background }),
    });
    return outcome.outcome === 'told' ? { outcome: 'found', digest: outcome.value } : outcome;
  };

  const listTags = async (question: TagsQuestion): Promise<TagListing> => {
    const { repository } = question;
    const budget = table.ofRegistry(repository.host).tagBudget;
    const outcome = await enquire(question, {
      key: [],
      flights: listings,
      limitMs: () => LIST_LIMIT_MS,
      ask: (asked) => lists.read({ ...asked, budget }),
    });
    if (outcome.outcome !== 'told') return outcome;
    if (outcome.value.kind === 'over-budget') {
      const message = `${repository.host} has more than ${budget} tags of ${repository.path}, the most that are read`;
      return { outcome: 'over-budget', read: outcome.value.read, budget, message };
    }
    const { tags, unchanged } = outcome.value;
    return { outcome: 'complete', tags, unchanged };
  };

  const askByDigest = async <T>(
    question: DigestQuestion,
    { flights, read }: { readonly flights: SingleFlight<Outcome<T>>; readonly read: ReadByDigest<T> },
  ): Promise<({ readonly outcome: 'found' } & T) | Exclude<Outcome<T>, { readonly outcome: 'told' }>> => {
    const { digest } = question;
    if (!isDigest(digest))
      return { outcome: 'missing', message: `${JSON.stringify(digest.slice(0, 128))} is not a digest` };
    const outcome = await enquire(question, {
      key: [digest],
      flights,
      limitMs: (host) => Math.max(CONFIRM_LIMIT_MS, table.ofRegistry(host).timeoutMs),
      ask: (asked) => read({ ...asked, digest, urgent: true }),
    });
    return outcome.outcome === 'told' ? { outcome: 'found', ...outcome.value } : outcome;
  };

  return {
    platformsOf: (question) =>
      unlessAborted(question.signal, () =>
        askByDigest(question, { flights: platformFlights, read: (asked) => platforms.read(asked) }),
      ),
    artifactTypeOf: (question) =>
      unlessAborted(question.signal, () =>
        askByDigest(question, { flights: artifactTypeFlights, read: (asked) => artifactTypes.read(asked) }),
      ),
    confirm: (question) => unlessAborted(question.signal, () => confirm(question)),
    listTags: (question) => unlessAborted(question.signal, () => listTags(question)),
    openCircuits: () => hosts.openCircuits(),
    waiting: () => hosts.waiting(),
    keptBytes: () => lists.keptBytes(),
    close: () => {
      closing.abort();
      transport.close();
    },
  };
}

interface Enquiry<T> {
  /** What tells this question from others about the same repository. */
  readonly key: readonly unknown[];
  readonly flights: SingleFlight<Outcome<T>>;
  readonly limitMs: (host: string) => number;
  readonly ask: (asked: {
    readonly address: Address;
    readonly identity: Identity;
    readonly signal: AbortSignal;
  }) => Promise<Told<T>>;
}

type ReadByDigest<T> = (question: ByDigest) => Promise<Told<T>>;
