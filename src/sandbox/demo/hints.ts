import type { UpdateRequest } from '../../core/update-request.ts';
import type { PortName } from './ports.ts';
import { columns } from './teller.ts';
import { SAMPLE_RELEASES } from './releases.ts';
import { SAMPLE_WORKLOADS } from './workloads.ts';

/** Where everything is. */
export interface Places {
  readonly kubernetes: string;
  /** `host:port`. */
  readonly registry: string;
  /** Of the four servers of Headwind, without a slash at the end. */
  readonly headwind: Readonly<Record<PortName, string>>;
  readonly kubeconfig: string;
  readonly log: string;
}

/** What is running where, by name. */
export function placesByName(places: Places): Readonly<Record<string, string>> {
  const { headwind } = places;
  return {
    kubeconfig: places.kubeconfig,
    kubernetes: places.kubernetes,
    registry: `http://${places.registry}`,
    webhook: `${headwind.webhook}/webhook/registry`,
    api: `${headwind.api}/api/v1/updates`,
    workloads: `${headwind.api}/api/v1/workloads`,
    dashboard: `${headwind.ui}/`,
    metrics: `${headwind.metrics}/metrics`,
    log: places.log,
  };
}

/** Commands to try, by what they do. */
export function commandsByName(places: Places): Readonly<Record<string, string>> {
  const { registry, kubeconfig, headwind } = places;
  const kubectl = `kubectl --kubeconfig ${kubeconfig}`;
  const image = (tag: string): string => `docker://${registry}/shop/checkout:${tag}`;
  return {
    'see the update requests': `${kubectl} get ur -A`,
    'see the releases of Helm charts': `${kubectl} get helmreleases -A`,
    'watch pods come and go': `${kubectl} get pods -A --watch`,
    'ask why something stays': `curl -s ${headwind.api}/api/v1/workloads`,
    'push a version yourself': `skopeo copy --src-tls-verify=false --dest-tls-verify=false ${image('1.4.2')} ${image('1.6.0')}`,
  };
}

/** The command that approves a request through the API. */
export function approveCommand(places: Places, request: UpdateRequest): string {
  const { namespace, name } = request.metadata;
  const url = `${places.headwind.api}/api/v1/updates/${namespace}/${name}/approve`;
  return `curl -s -X POST ${url} -H 'Content-Type: application/json' -d '{"approver":"me"}'`;
}

/** The text that a person reads first. */
export function introduction(places: Places): readonly string[] {
  const workloads = SAMPLE_WORKLOADS.map(({ namespace, name, kind, containers, about }) => [
    `  ${namespace}/${name}`,
    kind,
    containers.map(({ tag }) => tag).join(' '),
    about,
  ]);
  const releases = SAMPLE_RELEASES.map(({ namespace, name, version, about }) => [
    `  ${namespace}/${name}`,
    'HelmRelease',
    version,
    about,
  ]);
  const commands = Object.entries(commandsByName(places)).flatMap(([what, command]) => [
    `  ${what}:`,
    `    ${command}`,
  ]);
  return [
    '',
    'Headwind demo: a Kubernetes API, a registry and Headwind, all in this process and only on this machine.',
    'Objects live in memory; no container is started and no chart installed. Everything else is real.',
    '',
    ...columns(Object.entries(placesByName(places)).map(([name, where]) => [`  ${name}`, where])),
    '',
    'Workloads:',
    ...columns([...workloads, ...releases]),
    '',
    'To try in another terminal:',
    ...commands,
    '',
    'New versions arrive from now on. Ctrl-C ends it all and leaves nothing behind.',
    '',
  ];
}
