import type { Blocker } from '../../core/blocker.ts';
import { proposedAtMs } from '../../core/new-request.ts';
import { registryPage } from '../../core/registry-page.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import { describeChange, type VersionChange, type VersionSide } from '../../core/version-change.ts';
import type { UpdateRow } from '../dashboard-shapes.ts';

/** A request with what sorting and searching ask of it; what few ask for is worked out when it is, once. */
export interface IndexedRow {
  readonly request: UpdateRequest;
  readonly row: Omit<UpdateRow, 'waitsFor'>;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Lower-case: all that the search looks into. */
  readonly haystack: string;
}

export interface RowIndex {
  rowOf(request: UpdateRequest): IndexedRow;
}

/**
 * Makes rows, each once: a request is a new object whenever it changes, and with it goes its row. Ten thousand are so
 * filtered without being read anew.
 */
export function createRowIndex(): RowIndex {
  const rows = new WeakMap<UpdateRequest, IndexedRow>();
  return {
    rowOf(request) {
      const known = rows.get(request);
      if (known !== undefined) return known;
      const made = new LazyRow(request);
      rows.set(request, made);
      return made;
    },
  };
}

/** A row as it goes to the page. */
export function withWaits({ row }: IndexedRow, waitsFor: readonly Blocker[]): UpdateRow {
  return { ...row, waitsFor };
}

/** A class, so that ten thousand of them are an object each and no more. */
class LazyRow implements IndexedRow {
  readonly request: UpdateRequest;
  readonly createdAtMs: number;
  #row: IndexedRow['row'] | undefined;
  #haystack: string | undefined;

  constructor(request: UpdateRequest) {
    this.request = request;
    this.createdAtMs = proposedAtMs(request);
  }

  get row(): IndexedRow['row'] {
    return (this.#row ??= toRow(this.request, this.createdAtMs));
  }

  get updatedAtMs(): number {
    return Date.parse(updatedAtOf(this.request));
  }

  get haystack(): string {
    return (this.#haystack ??= searchable(this.request));
  }
}

function updatedAtOf({ metadata, status }: UpdateRequest): string {
  return status.lastUpdated ?? metadata.creationTimestamp;
}

function searchable({ metadata, spec }: UpdateRequest): string {
  const { namespace, name } = metadata;
  const artifact = spec.containerName ?? '';
  const texts = [namespace, spec.targetRef.name, artifact, name, spec.currentImage, spec.newImage];
  return texts.join('\n').toLowerCase();
}

function toRow(request: UpdateRequest, createdAtMs: number): IndexedRow['row'] {
  const { metadata, spec, status } = request;
  const by = status.rejectedBy ?? status.approvedBy;
  const health = status.conditions?.find(({ type }) => type === 'Healthy')?.status;
  const page = spec.updateType === 'image' ? registryPage(spec.newImage) : undefined;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    kind: spec.targetRef.kind,
    workload: spec.targetRef.name,
    artifact: spec.containerName ?? '',
    change: toShape(describeChange(spec)),
    policy: spec.policy,
    phase: status.phase,
    rollback: spec.rollback === true,
    verified: spec.newDigest !== undefined,
    createdAt: new Date(createdAtMs).toISOString(),
    updatedAt: updatedAtOf(request),
    ...(spec.expiresAt === undefined ? {} : { expiresAt: spec.expiresAt }),
    ...(by === undefined ? {} : { by }),
    ...(status.message === undefined ? {} : { message: status.message }),
    ...(health === undefined ? {} : { health }),
    ...(page === undefined ? {} : { registryPage: page }),
  };
}

function toShape({ kind, name, from, to }: VersionChange): UpdateRow['change'] {
  return { kind, name, from: sideOf(from), to: sideOf(to) };
}

function sideOf({ version, digest }: VersionSide): UpdateRow['change']['from'] {
  return digest === undefined ? { version } : { version, digest };
}
