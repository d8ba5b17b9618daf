import { parseArtifact } from '../../core/artifact-reference.ts';
import type { WorkloadState } from '../../core/workload-state.ts';
import type { Artifact, Workload } from '../../core/workload.ts';
import type { WorkloadView } from '../api-shapes.ts';
import type { WorkloadRow } from '../dashboard-workload-shapes.ts';

/** A workload as lists are narrowed and ordered by; the rest is asked for where it is shown. */
export interface WorkloadOutline {
  readonly workload: Pick<Workload, 'kind' | 'namespace' | 'name' | 'artifacts'>;
  readonly settings: {
    readonly policy: string;
    readonly lastUpdateMs?: number | undefined;
    readonly pattern?: string | undefined;
    readonly requireApproval: boolean;
    readonly eventSource: string;
    readonly minUpdateIntervalMs: number;
    readonly images: readonly string[];
    readonly autoRollback: boolean;
    readonly prerelease: boolean;
    readonly trackDigest: boolean;
  };
  readonly state: WorkloadState;
  view(): WorkloadView;
}

type ArtifactRow = WorkloadRow['artifacts'][number];
type ArtifactView = WorkloadView['artifacts'][number];

/** A workload as it goes to the page. */
export function toWorkloadRow(outline: WorkloadOutline): WorkloadRow {
  const { kind, namespace, name, policy, paused, artifacts } = outline.view();
  const { lastUpdateMs } = outline.settings;
  return {
    kind,
    namespace,
    name,
    policy,
    paused,
    state: outline.state,
    ...(lastUpdateMs === undefined ? {} : { updatedAt: new Date(lastUpdateMs).toISOString() }),
    artifacts: artifacts.map(toArtifactRow),
  };
}

function toArtifactRow({
  name,
  type,
  image,
  running,
  decision,
  blockers,
  openRequest,
  holds,
}: ArtifactView): ArtifactRow {
  const { candidate = '', verified = false, at = '', action = 'stay', reason = '' } = decision ?? {};
  const artifactType = type === 'chart' || type === 'initContainer' ? type : 'container';
  return {
    name,
    type: artifactType,
    ...versionOf(artifactType, image),
    ...(running === undefined ? {} : { running }),
    ...(decision === undefined ? {} : { decision: { at, action, candidate, verified, reason } }),
    blockers,
    ...(openRequest === undefined ? {} : { openRequest }),
    held: holds.length,
  };
}

/** What is written as an image or a chart, in the parts that people look at. */
export function versionOf(
  type: Artifact['type'],
  image: string,
): { readonly image: string; readonly version: string; readonly digest?: string } {
  const reference = parseArtifact({ type, image });
  if (!reference.ok) return { image, version: '' };
  const { name, tag = '', digest } = reference.value;
  return { image: name, version: tag, ...(digest === undefined ? {} : { digest }) };
}
