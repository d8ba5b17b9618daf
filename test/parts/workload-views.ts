import { z } from 'zod';
import { WorkloadShape } from '../../src/http/api-shapes.ts';
import type { UpdateRequest } from '../../src/core/update-request.ts';
import { eventually } from './eventually.ts';
import { requestsWhen, type World } from './world.ts';

type WorkloadView = z.infer<typeof WorkloadShape>;
type ArtifactView = WorkloadView['artifacts'][number];

/** What `GET /api/v1/workloads` says of one namespace; that of the world unless told. */
export async function workloadViews(
  world: World,
  namespace = world.namespace,
): Promise<readonly WorkloadView[]> {
  const url = `${world.headwind().urls.api}/api/v1/workloads?namespace=${namespace}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  return z.array(WorkloadShape).parse(await answer.json());
}

/** Waits until Headwind knows all workloads of these names. */
export async function knownTo(world: World, ...names: readonly string[]): Promise<void> {
  await eventually(
    async () => {
      const known = (await workloadViews(world)).map(({ name }) => name);
      const unknown = names.filter((name) => !known.includes(name));
      if (unknown.length > 0) throw new Error(`it does not know ${unknown.slice(0, 10).join(', ')}`);
      return true;
    },
    { what: `Headwind knows ${names.length} workloads` },
  );
}

/** The first artifact of a workload as `GET /api/v1/workloads` shows it. */
export async function artifactOf(world: World, name: string, namespace?: string): Promise<ArtifactView> {
  const view = (await workloadViews(world, namespace)).find((one) => one.name === name);
  const artifact = view?.artifacts[0];
  if (artifact === undefined) throw new Error(`GET /api/v1/workloads does not show ${name}`);
  return artifact;
}

/** The requests for one workload. */
export function requestsFor(requests: readonly UpdateRequest[], workload: string): readonly UpdateRequest[] {
  return requests.filter(({ spec }) => spec.targetRef.name === workload);
}

/** Waits for the one and only request for a workload, in a phase if told, and returns it. */
export async function theRequestFor(
  world: World,
  workload: string,
  {
    phase,
    timeoutMs,
  }: { readonly phase?: UpdateRequest['status']['phase']; readonly timeoutMs?: number } = {},
): Promise<UpdateRequest> {
  const matches = (requests: readonly UpdateRequest[]): boolean => {
    const ours = requestsFor(requests, workload);
    return ours.length === 1 && (phase === undefined || ours[0]?.status.phase === phase);
  };
  const what = `one request for ${workload}${phase === undefined ? '' : ` that is ${phase}`}`;
  const [request] = requestsFor(await requestsWhen(world, what, matches, timeoutMs), workload);
  if (request === undefined) throw new Error(`there is no request for ${workload}`);
  return request;
}

/** An answer of one of Headwind's servers. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Posts JSON, and answers also the headers. */
export async function ask(url: string, body: unknown = {}): Promise<Answer> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(40_000),
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

/** Tells Headwind of a push, as a script would. */
export function tell(world: World, repository: string, tag: string): Promise<Answer> {
  return ask(`${world.headwind().urls.webhook}/webhook/registry`, { repository, tag });
}

/** What `approve` or `reject` answers for a request of the world's namespace. */
export function decide(
  world: World,
  verb: 'approve' | 'reject',
  name: string,
  body: { readonly approver?: string; readonly reason?: string } = {},
): Promise<Answer> {
  return ask(`${world.headwind().urls.api}/api/v1/updates/${world.namespace}/${name}/${verb}`, body);
}

/** The log records at level ERROR: each is a bug of Headwind's own, by what that level means. */
export function bugsIn(world: World): readonly object[] {
  return world
    .headwind()
    .logs()
    .filter(({ level }) => level === 'ERROR');
}
