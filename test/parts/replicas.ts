import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { freePorts } from './child.ts';
import { eventually } from './eventually.ts';
import { startHeadwind, type Program } from './program.ts';
import { ask, type Answer } from './workload-views.ts';
import { metricOf, type World } from './world.ts';

/** Starts one more Headwind beside that of the world, on ports of its own. */
export async function startReplica(
  world: World,
  more: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const [webhook = 0, api = 0, ui = 0, metrics = 0] = await freePorts(4);
  const ports = {
    HEADWIND_WEBHOOK_PORT: String(webhook),
    HEADWIND_API_PORT: String(api),
    HEADWIND_UI_PORT: String(ui),
    HEADWIND_METRICS_PORT: String(metrics),
  };
  // It lists what others are writing all the time, perhaps on a machine that has little left for it.
  return startHeadwind({ env: { ...world.env, ...ports, ...more }, timeoutMs: 90_000 });
}

/** A kubeconfig like the world's, by which the API server is reached at another address; `name` tells it from others. */
export async function kubeconfigVia(world: World, url: string, name: string): Promise<string> {
  const own = world.env['KUBECONFIG'] ?? '';
  const path = `${own}-${name}`;
  const text = (await readFile(own, 'utf8')).replace(/server: .*/, `server: ${url}`);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

/** Whether it says that it leads. */
export async function leads(program: Program): Promise<boolean> {
  return (await metricOf(program, 'headwind_leader')) === 1;
}

/** Waits until it leads, and answers how long that took, in seconds. */
export async function untilLeading(program: Program, timeoutMs = 20_000): Promise<number> {
  const fromMs = performance.now();
  await eventually(() => leads(program), { what: 'it leads', timeoutMs, everyMs: 50 });
  return (performance.now() - fromMs) / 1000;
}

/** Tells one replica of a push, as a script would. */
export function tellReplica(program: Program, repository: string, tag: string): Promise<Answer> {
  return ask(`${program.urls.webhook}/webhook/registry`, { repository, tag });
}

/** Decides about a request of the world's namespace at one replica. */
export function decideAt(
  program: Program,
  world: World,
  verb: 'approve' | 'reject',
  name: string,
): Promise<Answer> {
  return ask(`${program.urls.api}/api/v1/updates/${world.namespace}/${name}/${verb}`, { approver: 'alice' });
}

const Deployments = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        generation: z.number(),
        annotations: z.record(z.string(), z.string()).default({}),
      }),
      spec: z.object({
        template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })) }) }),
      }),
    }),
  ),
});

/** All Deployments of the world's namespace: what they run, and how often their spec was changed. */
export async function deploymentsOf(
  world: World,
): Promise<readonly { readonly name: string; readonly image: string; readonly changes: number }[]> {
  const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments`;
  const { items } = Deployments.parse(await world.api.expectOk('GET', path));
  return items.map(({ metadata, spec }) => ({
    name: metadata.name,
    image: spec.template.spec.containers[0]?.image ?? '',
    changes: metadata.generation - 1,
  }));
}
