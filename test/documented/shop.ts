import { z } from 'zod';
import { formatHistory } from '../../src/core/history.ts';
import { requestLabels } from '../../src/core/request-name.ts';
import type { ControlPlaneAccess } from '../parts/control-plane-access.ts';
import { eventually } from '../parts/eventually.ts';
import type { Program } from '../parts/program.ts';
import type { Asked, WorkloadName } from './asked.ts';

/** What each request of the documents is about, where that is not container app of Deployment web. */
const TARGETS: Readonly<Record<string, { readonly name: string; readonly container: string }>> = {
  'nginx-update-v1-27-0': { name: 'nginx-deployment', container: 'nginx' },
  'nginx-update-1-26-0': { name: 'nginx-example', container: 'nginx' },
};
const CONTAINERS: Readonly<Record<string, string>> = {
  'nginx-deployment': 'nginx',
  'nginx-example': 'nginx',
};
const VERSIONS = ['1.26.0', '1.25.0', '1.24.0', '1.23.0', '1.22.0'];
const KIND_NAMES = {
  deployments: 'Deployment',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
} as const;
const REQUESTS = '/apis/headwind.sh/v1alpha1';
const Named = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
    }),
  ),
});

/** Keeps in the cluster what the documents speak of. */
export function createShop(
  api: ControlPlaneAccess,
  { open, asking, token }: { readonly open: Program; readonly asking: Program; readonly token: string },
): { serve(asked: Asked): Promise<void> } {
  const requestsIn = (namespace: string): string => `${REQUESTS}/namespaces/${namespace}/updaterequests`;
  const workloadPath = (namespace: string, { kind, name }: WorkloadName): string =>
    `/apis/apps/v1/namespaces/${namespace}/${kind}/${name}`;

  const exists = async (path: string): Promise<boolean> => (await api.request('GET', path)).status === 200;

  /** As it is before or after an update: nothing of its past is left but its history. */
  const renewWorkload = async (
    namespace: string,
    workload: WorkloadName,
    isUpdated = false,
  ): Promise<void> => {
    const { kind, name } = workload;
    const { items } = Named.parse(await api.expectOk('GET', requestsIn(namespace)));
    for (const { metadata } of items)
      if (metadata.labels['headwind.sh/workload'] === name)
        await api.request('DELETE', `${requestsIn(namespace)}/${metadata.name}`);
    for (const other of ['deployments', 'statefulsets', 'daemonsets'] as const)
      if (other !== kind) await api.request('DELETE', workloadPath(namespace, { kind: other, name }));
    const container = CONTAINERS[name] ?? 'app';
    const versions = isUpdated ? VERSIONS : VERSIONS.slice(1);
    const image = `nginx:${versions[0] ?? ''}`;
    const history = versions.map((version, index) => ({
      container,
      image: `nginx:${version}`,
      timestamp: `2026-01-0${9 - index}T10:00:00Z`,
    }));
    const labels = { app: name };
    await api.request('DELETE', workloadPath(namespace, workload));
    await api.expectOk('POST', `/apis/apps/v1/namespaces/${namespace}/${kind}`, {
      apiVersion: 'apps/v1',
      kind: KIND_NAMES[kind],
      metadata: {
        name,
        labels: { team: 'web' },
        annotations: { 'headwind.sh/policy': 'minor', 'headwind.sh/update-history': formatHistory(history) },
      },
      spec: {
        ...(kind === 'daemonsets' ? {} : { replicas: 0 }),
        ...(kind === 'statefulsets' ? { serviceName: name } : {}),
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: container, image }] },
        },
      },
    });
    await eventually(() => isKnown(namespace, name, image), {
      what: `both Headwinds know ${namespace}/${name}`,
    });
  };

  const isKnown = async (namespace: string, name: string, image: string): Promise<boolean> => {
    const texts = await Promise.all(
      [open, asking].map(({ urls }) => ask(`${urls.api}/api/v1/workloads?namespace=${namespace}`)),
    );
    const Row = z.array(z.object({ name: z.string(), artifacts: z.array(z.object({ image: z.string() })) }));
    return texts.every((text) => {
      const row = Row.parse(JSON.parse(text)).find((one) => one.name === name);
      return row?.artifacts[0]?.image === image;
    });
  };

  const ask = async (url: string): Promise<string> =>
    (
      await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(10_000) })
    ).text();

  const phaseOf = async ({ urls }: Program, namespace: string, name: string): Promise<string> =>
    /"phase":"(\w+)"/.exec(await ask(`${urls.api}/api/v1/updates/${namespace}/${name}`))?.[1] ?? 'none';

  const putRequest = async (
    namespace: string,
    name: string,
    phase: 'Pending' | 'Rejected',
  ): Promise<void> => {
    if (await phaseIs(namespace, name, phase)) return;
    const { name: workload, container } = TARGETS[name] ?? { name: 'web', container: 'app' };
    await renewWorkload(namespace, { kind: 'deployments', name: workload });
    const path = requestsIn(namespace);
    await api.request('DELETE', `${path}/${name}`);
    await api.expectOk('POST', path, {
      apiVersion: 'headwind.sh/v1alpha1',
      kind: 'UpdateRequest',
      metadata: { name, labels: requestLabels({ kind: 'Deployment', name: workload }, container) },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: workload, namespace },
        updateType: 'image',
        containerName: container,
        currentImage: 'nginx:1.25.0',
        newImage: 'nginx:1.26.0',
        policy: 'minor',
        requireApproval: true,
      },
    });
    if (phase === 'Rejected') {
      const status = { phase, rejectedBy: 'ann', rejectedAt: new Date().toISOString() };
      await api.expectOk('PATCH', `${path}/${name}/status`, { status }, 'application/merge-patch+json');
    }
    await eventually(() => phaseIs(namespace, name, phase), {
      what: `both Headwinds know ${namespace}/${name} as ${phase}`,
    });
  };

  const phaseIs = async (namespace: string, name: string, phase: string): Promise<boolean> =>
    (await Promise.all([open, asking].map((program) => phaseOf(program, namespace, name)))).every(
      (one) => one === phase,
    );

  return {
    async serve({ namespace, waiting, held, workloads, afresh }) {
      for (const name of waiting) if (isOurs(namespace)) await putRequest(namespace, name, 'Pending');
      for (const name of held) if (isOurs(namespace)) await putRequest(namespace, name, 'Rejected');
      for (const workload of workloads)
        if (isOurs(namespace) && (afresh || !(await exists(workloadPath(namespace, workload)))))
          await renewWorkload(namespace, workload, afresh);
    },
  };
}

/** What the documents themselves build in other namespaces is theirs. */
function isOurs(namespace: string): boolean {
  return ['shop', 'production', 'default'].includes(namespace);
}
