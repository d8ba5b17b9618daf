import { z } from 'zod';
import { parseHistory, type HistoryEntry } from '../../../src/core/history.ts';
import type { Condition, UpdateRequest } from '../../../src/core/update-request.ts';
import { eventually } from '../eventually.ts';
import { requestsFor } from '../workload-views.ts';
import type { World } from '../world.ts';
import { shownOf } from './pods.ts';
import type { Shape } from './shapes.ts';
import type { Stage } from './stage.ts';

/** One request in short: `1.0.0 -> 1.1.0 Completed`, with `rollback` in front where it is one. */
export function told({ spec, status }: UpdateRequest): string {
  const tag = (image: string): string => image.slice(image.lastIndexOf(':') + 1);
  const rollback = spec.rollback === true ? 'rollback ' : '';
  return `${rollback}${tag(spec.currentImage)} -> ${tag(spec.newImage)} ${status.phase}`;
}

/** Waits until the workload's requests, in short and in the order of their making, are these. */
export async function storyIs(
  world: Pick<World, 'requests'>,
  name: string,
  story: readonly string[],
  timeoutMs = 180_000,
): Promise<readonly UpdateRequest[]> {
  return eventually(
    async () => {
      const requests = await requestsInOrder(world, name);
      if (JSON.stringify(requests.map(told)) === JSON.stringify(story)) return requests;
      throw new Error(JSON.stringify(requests.map((one) => [told(one), one.status.message, healthOf(one)])));
    },
    { what: `the requests for ${name} are ${JSON.stringify(story)}`, timeoutMs, everyMs: 300 },
  );
}

/** The requests for a workload in the order of their making. */
export async function requestsInOrder(
  world: Pick<World, 'requests'>,
  name: string,
): Promise<readonly UpdateRequest[]> {
  const requests = requestsFor(await world.requests(), name);
  return requests.toSorted((a, b) => madeAt(a) - madeAt(b));
}

/** To the millisecond, which `creationTimestamp` is not. */
function madeAt({ metadata, status }: UpdateRequest): number {
  return Date.parse(
    metadata.annotations?.['headwind.sh/proposed-at'] ?? status.createdAt ?? metadata.creationTimestamp,
  );
}

/** Waits until the watch over the update to this tag has ended, and answers the request. */
export async function watchEnded(
  stage: Stage,
  name: string,
  tag: string,
  timeoutMs = 180_000,
): Promise<UpdateRequest> {
  return eventually(
    async () => {
      const request = (await requestsInOrder(stage, name)).find(
        ({ spec }) => spec.newImage.endsWith(`:${tag}`) && spec.rollback !== true,
      );
      if (request?.status.verification?.outcome !== undefined) return request;
      const said = request === undefined ? 'there is none' : `${told(request)} ${healthOf(request)}`;
      throw new Error(`${said}; its pods are ${JSON.stringify(stage.pods(name).map(shownOf))}`);
    },
    { what: `the watch over ${name}:${tag} has ended`, timeoutMs, everyMs: 300 },
  );
}

/** Waits until the update to this tag has been applied. */
export async function applied(
  world: Pick<World, 'requests'>,
  name: string,
  tag: string,
): Promise<UpdateRequest> {
  return eventually(
    async () => {
      const request = (await requestsInOrder(world, name)).find(({ spec }) =>
        spec.newImage.endsWith(`:${tag}`),
      );
      if (request?.status.phase === 'Completed') return request;
      throw new Error(request === undefined ? 'there is no request' : told(request));
    },
    { what: `${name} has been updated to ${tag}`, timeoutMs: 60_000, everyMs: 200 },
  );
}

export function conditionOf(
  request: UpdateRequest | undefined,
  type: string,
): Pick<Condition, 'status' | 'reason'> | undefined {
  const condition = request?.status.conditions?.find((one) => one.type === type);
  return condition === undefined ? undefined : { status: condition.status, reason: condition.reason };
}

function healthOf(request: UpdateRequest): string {
  const condition = request.status.conditions?.find(({ type }) => type === 'Healthy');
  return condition === undefined ? 'not watched' : `${condition.reason}: ${condition.message}`;
}

/** The tags of the history annotation with who approved each, newest first: `1.1.0 policy`. */
export async function historyOf(
  world: Pick<World, 'annotations'>,
  shape: Shape,
  name: string,
): Promise<readonly string[]> {
  const annotations = await world.annotations(shape.plural, name);
  return parseHistory(annotations['headwind.sh/update-history']).map(shortEntry);
}

function shortEntry({ image, approvedBy }: HistoryEntry): string {
  return `${image.slice(image.lastIndexOf(':') + 1)} ${approvedBy ?? '-'}`;
}

const EventList = z.object({
  items: z.array(
    z.object({
      type: z.string(),
      reason: z.string(),
      message: z.string().default(''),
      involvedObject: z.object({ kind: z.string(), name: z.string() }),
    }),
  ),
});
export type ClusterEvent = z.infer<typeof EventList>['items'][number];

/** The Events about objects of a kind whose name begins so, once there is one with the reason `until`. */
export async function eventsOf(
  world: World,
  about: { readonly kind: string; readonly name: string; readonly until: string },
): Promise<readonly ClusterEvent[]> {
  const { kind, name, until } = about;
  const path = `/api/v1/namespaces/${world.namespace}/events?fieldSelector=involvedObject.kind%3D${kind}`;
  return eventually(
    async () => {
      const { items } = EventList.parse(await world.api.expectOk('GET', path));
      const ours = items.filter(({ involvedObject }) => involvedObject.name.startsWith(name));
      if (ours.some(({ reason }) => reason === until)) return ours;
      throw new Error(ours.map(({ reason, message }) => `${reason}: ${message}`).join('\n'));
    },
    { what: `the Event ${until} of ${kind} ${name}` },
  );
}
