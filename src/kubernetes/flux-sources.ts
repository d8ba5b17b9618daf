import { z } from 'zod';
import { DEFAULT_CHART_SOURCE_TIMEOUT_MS, type ChartSource } from '../core/chart-source.ts';
import { parseDuration } from '../core/duration.ts';
import { ObjectMetadata } from './object-metadata.ts';
import type { OptionalResource } from './served-version.ts';

const GROUP = 'source.toolkit.fluxcd.io';

/** Flux's objects that charts come from; all fields that Headwind reads are alike in all of these versions. */
export const HELM_REPOSITORIES: OptionalResource = {
  group: GROUP,
  versions: ['v1', 'v1beta2'],
  plural: 'helmrepositories',
};
export const OCI_REPOSITORIES: OptionalResource = {
  group: GROUP,
  versions: ['v1', 'v1beta2'],
  plural: 'ocirepositories',
};

/** On an OCIRepository: the request that set its tag last. Its history stands on the release. */
export const APPLIED_REQUEST = 'headwind.sh/applied-request';

/** A source, and where it is an OCIRepository which version it brings. */
export interface KnownSource {
  readonly source: ChartSource;
  readonly ref?: {
    readonly tag?: string | undefined;
    readonly semver?: string | undefined;
    readonly digest?: string | undefined;
  };
}

/** What of an OCIRepository has to be known when its tag is changed. */
export interface OciRepositoryState {
  readonly known: KnownSource;
  readonly resourceVersion: string;
  readonly appliedBy: string | undefined;
}

const Text = z.string().min(1).optional().catch(undefined);
const Reference = z
  .object({ name: z.string().min(1) })
  .nullish()
  .catch(undefined);
const Metadata = ObjectMetadata.extend({
  namespace: z.string(),
  annotations: z.record(z.string(), z.unknown()).nullish().catch(undefined),
});
const Common = {
  url: z.string(),
  interval: Text,
  timeout: Text,
  secretRef: Reference,
  certSecretRef: Reference,
  insecure: z.boolean().optional().catch(undefined),
  suspend: z.boolean().optional().catch(undefined),
  provider: z.enum(['generic', 'aws', 'azure', 'gcp']).optional().catch(undefined),
};
const HelmRepository = z.object({
  metadata: Metadata,
  spec: z.object({
    ...Common,
    type: Text,
    passCredentials: z.boolean().optional().catch(undefined),
  }),
});
const OciRepository = z.object({
  metadata: Metadata,
  spec: z.object({
    ...Common,
    serviceAccountName: Text,
    ref: z.object({ tag: Text, semver: Text, digest: Text }).nullish().catch(undefined),
  }),
});
type Spec = z.infer<typeof HelmRepository>['spec'] | z.infer<typeof OciRepository>['spec'];

/** What is kept of a HelmRepository. Throws where the object is none. */
export function projectHelmRepository(object: unknown, apiVersion: string): KnownSource {
  const { metadata, spec } = HelmRepository.parse(object);
  // Flux goes by the type alone; a URL says the same where the type is forgotten.
  const type = spec.type === 'oci' || spec.url.startsWith('oci://') ? 'oci' : 'http';
  const passCredentials = spec.passCredentials === true;
  return { source: { ...toSource('HelmRepository', apiVersion, metadata, spec), type, passCredentials } };
}

/** What is kept of an OCIRepository. Throws where the object is none. */
export function projectOciRepository(object: unknown, apiVersion: string): KnownSource {
  const { metadata, spec } = OciRepository.parse(object);
  const { tag, semver, digest } = spec.ref ?? {};
  const { serviceAccountName } = spec;
  const source = toSource('OCIRepository', apiVersion, metadata, spec);
  return {
    source: serviceAccountName === undefined ? source : { ...source, serviceAccountName },
    ref: { tag, semver, digest },
  };
}

/** The same of an OCIRepository that is to be changed. Throws where the object is none. */
export function readOciRepository(object: unknown, apiVersion: string): OciRepositoryState {
  const { metadata } = OciRepository.parse(object);
  const appliedBy = metadata.annotations?.[APPLIED_REQUEST];
  return {
    known: projectOciRepository(object, apiVersion),
    resourceVersion: metadata.resourceVersion,
    appliedBy: typeof appliedBy === 'string' ? appliedBy : undefined,
  };
}

/** Reads a duration as Go writes it (`1h0m0s`); undefined where there is none, or none that can be read. */
export function goDurationMs(text: string | undefined): number | undefined {
  const parsed = text === undefined ? undefined : parseDuration(text);
  return parsed?.ok === true && parsed.value > 0 ? parsed.value : undefined;
}

function toSource(
  kind: ChartSource['kind'],
  apiVersion: string,
  { namespace, name, uid }: z.infer<typeof Metadata>,
  spec: Spec,
): ChartSource {
  const intervalMs = goDurationMs(spec.interval);
  return {
    kind,
    apiVersion,
    namespace,
    name,
    uid,
    type: 'oci',
    url: spec.url,
    passCredentials: false,
    insecure: spec.insecure === true,
    timeoutMs: goDurationMs(spec.timeout) ?? DEFAULT_CHART_SOURCE_TIMEOUT_MS,
    suspended: spec.suspend === true,
    provider: spec.provider ?? 'generic',
    ...(spec.secretRef == null ? {} : { secretName: spec.secretRef.name }),
    ...(spec.certSecretRef == null ? {} : { certSecretName: spec.certSecretRef.name }),
    ...(intervalMs === undefined ? {} : { intervalMs }),
  };
}
