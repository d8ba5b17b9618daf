import { toRepository, type Repository } from './image-reference.ts';
import { fail, type Result } from './result.ts';
import type { Artifact, Workload } from './workload.ts';
import { trimmed } from './trimmed.ts';

/** Where charts come from: an object of Flux's source controller, as far as Headwind needs it. */
export interface ChartSource {
  readonly kind: 'HelmRepository' | 'OCIRepository';
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** `http`: an index of many charts. `oci`: a registry, where a chart is a repository. */
  readonly type: 'http' | 'oci';
  /** As written. That of an OCIRepository names the chart already, that of a HelmRepository does not. */
  readonly url: string;
  /** Secrets and service account live in the source's namespace. */
  readonly secretName?: string | undefined;
  readonly certSecretName?: string | undefined;
  readonly serviceAccountName?: string | undefined;
  /** Whether the credentials may go to another host than the URL's, which they never do without it. */
  readonly passCredentials: boolean;
  /** Plain HTTP for OCI. */
  readonly insecure: boolean;
  /** For one answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Nothing is asked. */
  readonly suspended: boolean;
  /** Whose cloud identity is shown to an OCI registry. */
  readonly provider: 'generic' | 'aws' | 'azure' | 'gcp';
  /** How often Flux looks, in milliseconds, where it is written. */
  readonly intervalMs?: number | undefined;
}

/** What holds where a source does not say (Flux's own default). */
export const DEFAULT_CHART_SOURCE_TIMEOUT_MS = 60_000;

/** Names a source in maps and logs: `HelmRepository/flux-system/podinfo`. */
export function chartSourceKey({
  kind,
  namespace,
  name,
}: Pick<ChartSource, 'kind' | 'namespace' | 'name'>): string {
  return `${kind}/${namespace}/${name}`;
}

/** The repository of a chart in a registry; the URL of an OCIRepository names the chart already. */
export function chartRepository(
  { kind, url }: Pick<ChartSource, 'kind' | 'url'>,
  chart: string,
): Result<Repository> {
  const [, host = '', path = ''] = /^oci:\/\/([^/]+)(?:\/(.*))?$/i.exec(url.trim()) ?? [];
  if (host === '') return fail('its URL is none of a registry (oci://host/path)');
  const below = trimmed(path, '/');
  const whole = kind === 'OCIRepository' ? below : [below, chart].filter((part) => part !== '').join('/');
  return toRepository(host, whole);
}

/** One version of a chart that a source offers. */
export interface ChartVersion {
  /** As a HelmRelease writes it: with `+`, not with the `_` that stands for it in an OCI tag. */
  readonly version: string;
  /** Of the packaged chart, `sha256:…`, where the source tells it without being asked for each. */
  readonly digest?: string | undefined;
}

/** Why nothing is known of a source's charts, or of one of them. */
export interface ChartTrouble {
  readonly kind: 'suspended' | 'denied' | 'unavailable' | 'missing';
  /** One sentence for a person, without secrets. */
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

/** A release's chart, with where it comes from. */
export interface ChartMember {
  readonly workload: Workload;
  readonly artifact: Artifact;
  readonly source: ChartSource;
  /** The chart's name in its source. */
  readonly chart: string;
  /** How often the release itself wants to know, in milliseconds, where it says. */
  readonly intervalMs?: number | undefined;
}

/** What one look at a source found out about one chart, for whoever decides. */
export interface ChartFindings {
  readonly source: ChartSource;
  readonly chart: string;
  /** The releases of this chart; at least one. */
  readonly members: readonly ChartMember[];
  /** Complete, deprecated ones left out; `version` differs between two lists that differ. Absent where there is trouble. */
  readonly list: { readonly versions: readonly ChartVersion[]; readonly version: string } | undefined;
  readonly trouble: ChartTrouble | undefined;
}
