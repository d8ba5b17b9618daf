import { LRUCache } from 'lru-cache';
import { atMost } from '../core/at-most.ts';
import pLimit from 'p-limit';
import type { RegistryConfig, RegistryHost } from '../config/registry-hosts.ts';
import {
  chartRepository,
  chartSourceKey,
  DEFAULT_CHART_SOURCE_TIMEOUT_MS,
  type ChartSource,
  type ChartVersion,
} from '../core/chart-source.ts';
import type { Clock } from '../core/clock.ts';
import type { Credential } from '../core/credential.ts';
import type { Confirmation } from '../core/decision.ts';
import { isTag, type Repository } from '../core/image-reference.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { createVersionParser, isAttachment } from '../core/version.ts';
import { createRegistry, type Registry, type RegistryOptions, type TagListing } from '../registry/client.ts';
import { createTransport, timeoutsFor } from '../registry/transport.ts';
import type { ChartListing, ListedChart } from './listing.ts';
import type { SourceAccess } from './source-access.ts';

/** What tells a chart from an image of the same name (https://helm.sh/docs/topics/registries/). */
export const CHART_CONFIG_TYPE = 'application/vnd.cncf.helm.config.v1+json';

export interface OciChartsOptions {
  /** For sources that want nothing special. */
  readonly registry: Pick<Registry, 'listTags' | 'confirm' | 'artifactTypeOf'>;
  /** Of the registry client, for sources that want certificates, plain HTTP or a time limit of their own. */
  readonly registryOptions: Pick<RegistryOptions, 'insecureHosts' | 'config' | 'log' | 'onRequest'> & {
    readonly config: RegistryConfig;
  };
  readonly clock: Clock;
}

export interface OciQuestion {
  readonly source: ChartSource;
  readonly access: SourceAccess;
}

/** Charts in registries: each is a repository, and each of its versions a tag. */
export interface OciCharts {
  list(question: OciQuestion & { readonly charts: ReadonlySet<string> }): Promise<ChartListing>;
  /** Whether a chart, and no image, stands there under this version. */
  confirm(
    question: OciQuestion & { readonly chart: string; readonly version: string },
  ): Promise<Confirmation>;
  /** Ends what is under way at clients of sources' own. */
  close(): void;
}

const CHARTS_AT_ONCE = 8;
/** A tag that is no chart is left out of lists for so long; whoever asks for that very one is answered anew. */
const OTHER_MS = 3_600_000;
const MAX_OTHERS = 5000;
const MAX_CLIENTS = 100;
const MAX_SHOWN_LENGTH = 100;

/** Makes a reader of charts in registries, on top of the one client of all registries. */
export function createOciCharts(options: OciChartsOptions): OciCharts {
  // One that is put out ends by itself when its questions have ended.
  const clients = new LRUCache<string, Registry>({ max: MAX_CLIENTS });
  const limit = pLimit(CHARTS_AT_ONCE);
  // When each tag was found to be something else than a chart, as `Clock.elapsed` counts.
  const others = new LRUCache<string, number>(atMost(MAX_OTHERS));
  const otherKey = ({ source }: OciQuestion, { asked: { repository } }: Located, tag: string): string =>
    JSON.stringify([chartSourceKey(source), source.uid, nameOf(repository), tag]);

  const clientOf = ({ source, access }: OciQuestion, host: string): OciChartsOptions['registry'] => {
    const { insecure, timeoutMs } = source;
    const isUsual = !insecure && access.tls === undefined && timeoutMs === DEFAULT_CHART_SOURCE_TIMEOUT_MS;
    if (isUsual) return options.registry;
    const key = JSON.stringify([host, insecure, timeoutMs, access.tls === undefined ? '' : access.version]);
    const client = clients.get(key) ?? createSpecialClient(options, { source, access }, host);
    clients.set(key, client);
    return client;
  };

  const locate = async (question: OciQuestion, chart: string): Promise<Result<Located, ListedProblem>> => {
    const { source, access } = question;
    const repository = chartRepository(source, chart);
    if (!repository.ok)
      return fail({ kind: 'missing', message: `${chartSourceKey(source)}: ${repository.error}` });
    const credentials = await access.credentialsFor(repository.value);
    if (!credentials.ok) return fail({ kind: 'denied', message: credentials.error });
    const { host } = repository.value;
    const asked = {
      repository: repository.value,
      credentials: () => Promise.resolve(credentials.value),
      nobodyBecause: `${chartSourceKey(source)} has no Secret for it`,
    };
    return ok({ client: clientOf(question, host), asked });
  };

  const listOne = async (question: OciQuestion, chart: string): Promise<ListedChart> => {
    const located = await locate(question, chart);
    if (!located.ok) return { problem: located.error };
    const { client, asked } = located.value;
    const listing = await client.listTags(asked);
    const isOther = (tag: string): boolean =>
      options.clock.elapsed() - (others.get(otherKey(question, located.value, tag)) ?? -Infinity) < OTHER_MS;
    return withWhom(toListed(listing, isOther), question);
  };

  return {
    list: async (question) => {
      const charts = await Promise.all(
        Array.from(
          question.charts,
          async (chart) => [chart, await limit(() => listOne(question, chart))] as const,
        ),
      );
      return { outcome: 'complete', charts: new Map(charts), skipped: 0 };
    },
    confirm: async (question) => {
      const { chart, version } = question;
      const tag = toTag(version);
      if (!isTag(tag))
        return { outcome: 'missing', message: `${shown(version)} cannot be the tag of a chart` };
      const located = await locate(question, chart);
      if (!located.ok) return toConfirmation(located.error);
      const { client, asked } = located.value;
      const key = otherKey(question, located.value, tag);
      others.delete(key);
      const found = await client.confirm({ ...asked, tag });
      if (found.outcome !== 'found') return toldWhom(found, question);
      const type = await client.artifactTypeOf({ ...asked, digest: found.digest });
      if (type.outcome !== 'found') return toldWhom(type, question);
      if (type.config === CHART_CONFIG_TYPE) return found;
      others.set(key, options.clock.elapsed());
      const message = `${nameOf(asked.repository)}:${tag} is ${whatItIs(type.config)}`;
      return { outcome: 'missing', message, isOther: true };
    },
    close: () => {
      for (const client of clients.values()) client.close();
    },
  };
}

type ListedProblem = Extract<ListedChart, { readonly problem: unknown }>['problem'];

interface Located {
  readonly client: OciChartsOptions['registry'];
  readonly asked: {
    readonly repository: Repository;
    readonly credentials: () => Promise<readonly Credential[]>;
    readonly nobodyBecause: string;
  };
}

/** A client of its own: what one source trusts, or asks by plain HTTP, is no other's business. */
function createSpecialClient(
  { registryOptions, clock }: OciChartsOptions,
  { source, access }: OciQuestion,
  host: string,
): Registry {
  const { config, insecureHosts } = registryOptions;
  const usual: RegistryHost = config.hosts.get(host) ?? {
    ...config.defaults,
    insecure: insecureHosts.includes(host),
    ca: undefined,
    mirrors: [],
  };
  const entry = { ...usual, insecure: usual.insecure || source.insecure, timeoutMs: source.timeoutMs };
  const timeouts = timeoutsFor(source.timeoutMs);
  const transport = createTransport({ clock, timeoutsOf: () => timeouts });
  const own = config.hosts.get(host)?.ca;
  const ca = [own, access.tls?.ca].filter((pem) => pem !== undefined).join('\n');
  return createRegistry({
    ...registryOptions,
    config: { ...config, hosts: new Map([...config.hosts, [host, entry]]) },
    clock,
    transport: {
      send: (request) => {
        // The token server may have a certificate of the same authority; the client's own is for the registry alone.
        const client = request.url.host === host ? access.tls?.client : undefined;
        return transport.send({ ...request, tls: { ca: ca === '' ? undefined : ca, client } });
      },
      close: () => transport.close(),
    },
  });
}

/** Tags cannot hold a `+`, for which Helm writes `_` (https://helm.sh/docs/topics/registries/). */
function toTag(version: string): string {
  return version.replaceAll('+', '_');
}

function toListed(listing: TagListing, isOther: (tag: string) => boolean): ListedChart {
  const { outcome } = listing;
  if (outcome === 'complete') {
    const tags = listing.tags.filter((tag) => !isOther(tag));
    return { versions: versionsOf(tags), unchanged: listing.unchanged };
  }
  const { message } = listing;
  if (outcome === 'missing') return { problem: { kind: 'missing', message } };
  if (outcome === 'over-budget') return { problem: { kind: 'unavailable', message } };
  const { retryAfterMs, denied } = listing;
  return { problem: { kind: denied === true ? 'denied' : 'unavailable', message, retryAfterMs } };
}

/** What is no version, such as a signature, is passed over. */
function versionsOf(tags: readonly string[]): readonly ChartVersion[] {
  const parseVersion = createVersionParser();
  return tags
    .filter((tag) => !isAttachment(tag))
    .map((tag) => tag.replaceAll('_', '+'))
    .filter((version) => parseVersion(version).ok)
    .map((version) => ({ version }));
}

function toConfirmation({ kind, message, retryAfterMs }: ListedProblem): Confirmation {
  if (kind === 'missing') return { outcome: 'missing', message };
  const pause = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { outcome: 'unavailable', message, denied: kind === 'denied', ...pause };
}

/** Names the Secret that was refused, for the person who has to mend it. */
function withWhom(listed: ListedChart, question: OciQuestion): ListedChart {
  if (!('problem' in listed) || listed.problem.kind !== 'denied') return listed;
  return { problem: { ...listed.problem, message: addWhom(listed.problem.message, question) } };
}

function toldWhom(answer: Confirmation, question: OciQuestion): Confirmation {
  if (answer.outcome !== 'unavailable' || answer.denied !== true) return answer;
  return { ...answer, message: addWhom(answer.message, question) };
}

function addWhom(message: string, { source }: OciQuestion): string {
  const { secretName, namespace } = source;
  return secretName === undefined
    ? message
    : `${message}; ${chartSourceKey(source)} shows Secret ${namespace}/${secretName}`;
}

function nameOf({ host, path }: Repository): string {
  return `${host}/${path}`;
}

function whatItIs(config: string | undefined): string {
  return config === undefined
    ? 'an index of images, not a chart'
    : `not a chart: its type is ${shown(config)}`;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, MAX_SHOWN_LENGTH));
}
