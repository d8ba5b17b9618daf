import { dump } from 'js-yaml';
import type { Blocker } from '../../core/blocker.ts';
import { storyOf } from '../../core/story.ts';
import { requestKey, type UpdateRequest } from '../../core/update-request.ts';
import type { UpdateDetail } from '../dashboard-shapes.ts';
import { withWaits, type RowIndex } from './update-rows.ts';

export interface UpdateDetailInput {
  readonly request: UpdateRequest;
  /** All requests in its namespace. */
  readonly requests: Iterable<UpdateRequest>;
  readonly rows: RowIndex;
  readonly waitingFor: (key: string) => readonly Blocker[];
}

const MAX_OTHERS = 20;

/** Everything about one request that a person may want to know before deciding, or after. */
export function describeUpdate({ request, requests, rows, waitingFor }: UpdateDetailInput): UpdateDetail {
  const { spec, status } = request;
  const rowOf = (of: UpdateRequest): UpdateDetail['row'] =>
    withWaits(rows.rowOf(of), waitingFor(requestKey(of)));
  const others = Array.from(requests)
    .filter((other) => other.metadata.name !== request.metadata.name && isOfSameArtifact(other, request))
    .map(rowOf)
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  return {
    row: rowOf(request),
    story: storyOf(request).map(({ detail, ...event }) =>
      detail === undefined ? event : { ...event, detail },
    ),
    conditions: status.conditions ?? [],
    ...(spec.reason === undefined ? {} : { reason: spec.reason }),
    currentImage: spec.currentImage,
    newImage: spec.newImage,
    others: others.slice(0, MAX_OTHERS),
    yaml: dump(request, { lineWidth: 120 }),
  };
}

function isOfSameArtifact(a: UpdateRequest, b: UpdateRequest): boolean {
  const [one, other] = [a.spec, b.spec];
  return (
    a.metadata.namespace === b.metadata.namespace &&
    one.targetRef.kind === other.targetRef.kind &&
    one.targetRef.name === other.targetRef.name &&
    one.containerName === other.containerName
  );
}
