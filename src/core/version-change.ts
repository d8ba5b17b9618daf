import { parseRequested, type ArtifactReference } from './artifact-reference.ts';
import type { UpdateRequestSpec } from './update-request.ts';
import { compareVersions, levelOfChange, type ChangeLevel } from './version-order.ts';
import { parseVersion } from './version.ts';

/** How far an update goes, for people: `digest` where only that is new, `unordered` where the versions have no order. */
export type ChangeKind = ChangeLevel | 'digest' | 'downgrade' | 'unordered';

/** What an update changes. */
export interface VersionChange {
  readonly kind: ChangeKind;
  /** The image without its version, or the chart; as written. */
  readonly name: string;
  readonly from: VersionSide;
  readonly to: VersionSide;
}

export interface VersionSide {
  /** Empty where none is written. */
  readonly version: string;
  readonly digest: string | undefined;
}

/** What a request changes; where a side cannot be read, its text stands as the version and nothing has an order. */
export function describeChange(
  spec: Pick<UpdateRequestSpec, 'updateType' | 'currentImage' | 'newImage' | 'newDigest'>,
): VersionChange {
  const current = parseRequested(spec, spec.currentImage);
  const next = parseRequested(spec, spec.newImage);
  if (!current.ok || !next.ok) {
    const from = { version: spec.currentImage, digest: undefined };
    return { kind: 'unordered', name: '', from, to: { version: spec.newImage, digest: undefined } };
  }
  const to = sideOf(next.value);
  return {
    kind: kindOf(current.value.tag, next.value.tag),
    name: next.value.name,
    from: sideOf(current.value),
    to: { ...to, digest: to.digest ?? spec.newDigest },
  };
}

function sideOf({ tag, digest }: ArtifactReference): VersionSide {
  return { version: tag ?? '', digest };
}

function kindOf(current: string | undefined, next: string | undefined): ChangeKind {
  if (current === next) return 'digest';
  const [from, to] = [parseVersion(current ?? ''), parseVersion(next ?? '')];
  if (!from.ok || !to.ok) return 'unordered';
  const order = compareVersions(to.value, from.value);
  if (order === undefined) return 'unordered';
  return order < 0 ? 'downgrade' : levelOfChange(from.value, to.value);
}
