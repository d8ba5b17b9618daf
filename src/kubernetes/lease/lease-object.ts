import { z } from 'zod';
import { fail, ok, type Result } from '../../core/result.ts';
import type { KubernetesClient } from '../client.ts';
import { isAbsent, KubernetesError } from '../errors.ts';
import type { LeaseRecord } from './standing.ts';

/** One Lease at the API server. Each call throws what `client.request` throws. */
export interface LeaseObject {
  /** Undefined where there is none. */
  read(signal: AbortSignal): Promise<LeaseRecord | undefined>;
  /** Creates it, or writes it over exactly `before`; fails where somebody else was first. */
  write(
    record: Omit<LeaseRecord, 'resourceVersion'>,
    before: Pick<LeaseRecord, 'resourceVersion' | 'others'> | undefined,
    signal: AbortSignal,
  ): Promise<Result<LeaseRecord, 'conflict'>>;
}

export interface LeaseObjectOptions {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly namespace: string;
  readonly name: string;
  /** Of one call, in milliseconds. */
  readonly timeoutMs: number;
}

const API_VERSION = 'coordination.k8s.io/v1';
/** What a Lease that says nothing of it is taken for; whoever wrote it knows no better. */
const DEFAULT_SECONDS = 15;

const Lease = z.object({
  metadata: z.object({
    resourceVersion: z.string(),
    labels: z.unknown().optional(),
    annotations: z.unknown().optional(),
    ownerReferences: z.unknown().optional(),
    finalizers: z.unknown().optional(),
  }),
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .nullish(),
});

/** (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/) */
export function createLeaseObject({ client, namespace, name, timeoutMs }: LeaseObjectOptions): LeaseObject {
  const collection = `/apis/${API_VERSION}/namespaces/${encodeURIComponent(namespace)}/leases`;
  const path = `${collection}/${encodeURIComponent(name)}`;
  return {
    async read(signal) {
      try {
        return toRecord(await client.request({ method: 'GET', path, timeoutMs, signal }));
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    async write(record, before, signal) {
      const metadata = { ...before?.others, name, namespace, resourceVersion: before?.resourceVersion };
      const body = { apiVersion: API_VERSION, kind: 'Lease', metadata, spec: toSpec(record) };
      const call = { body, timeoutMs, signal };
      try {
        const answer = await client.request(
          before === undefined
            ? { method: 'POST', path: collection, ...call }
            : { method: 'PUT', path, ...call },
        );
        return ok(toRecord(answer));
      } catch (error) {
        // 404: it was deleted since it was read.
        if (error instanceof KubernetesError && error.status === 409) return fail('conflict');
        if (before !== undefined && isAbsent(error)) return fail('conflict');
        throw error;
      }
    },
  };
}

function toRecord(object: unknown): LeaseRecord {
  const { metadata, spec } = Lease.parse(object);
  const { resourceVersion, ...others } = metadata;
  const seconds = spec?.leaseDurationSeconds ?? 0;
  return {
    holder: spec?.holderIdentity ?? '',
    durationMs: (seconds > 0 ? seconds : DEFAULT_SECONDS) * 1000,
    acquiredAt: spec?.acquireTime ?? '',
    renewedAt: spec?.renewTime ?? '',
    transitions: spec?.leaseTransitions ?? 0,
    resourceVersion,
    others,
  };
}

function toSpec(record: Omit<LeaseRecord, 'resourceVersion'>): object {
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: Math.ceil(record.durationMs / 1000),
    ...(record.acquiredAt === '' ? {} : { acquireTime: record.acquiredAt }),
    renewTime: record.renewedAt,
    leaseTransitions: record.transitions,
  };
}

/** RFC 3339 with six digits of a second: Kubernetes reads no other form here (meta/v1 MicroTime). */
export function toMicroTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
