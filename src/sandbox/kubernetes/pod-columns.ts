import { AGE_COLUMN, column, NAME_COLUMN, orNone } from './cells.ts';
import { arrayAt, numberAt, objectAt, stringAt, valueAt, type JsonObject } from './json.ts';
import type { Column } from './resource-type.ts';

export const POD_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Ready', 'How many containers of the pod are ready.', readyText),
  column('Status', 'What the pod is doing, or why it is not.', podStatus),
  column(
    'Restarts',
    'How often the containers of the pod have been restarted.',
    (pod) =>
      arrayAt(pod, 'status', 'containerStatuses').reduce<number>(
        (sum, status) => sum + numberAt(status, 'restartCount'),
        0,
      ),
    { type: 'integer' },
  ),
  AGE_COLUMN,
  column('IP', 'The address of the pod.', (pod) => orNone(stringAt(pod, 'status', 'podIP')), { wide: true }),
  column('Node', 'The node that the pod runs on.', (pod) => orNone(stringAt(pod, 'spec', 'nodeName')), {
    wide: true,
  }),
  column(
    'Nominated Node',
    'The node that other pods are to leave for this one.',
    (pod) => orNone(stringAt(pod, 'status', 'nominatedNodeName')),
    { wide: true },
  ),
  column(
    'Readiness Gates',
    'Further conditions for being ready.',
    (pod) => {
      const gates = arrayAt(pod, 'spec', 'readinessGates');
      return gates.length === 0 ? '<none>' : `0/${gates.length}`;
    },
    { wide: true },
  ),
];

function readyText(pod: JsonObject): string {
  const ready = arrayAt(pod, 'status', 'containerStatuses').filter(
    (status) => valueAt(status, 'ready') === true,
  );
  return `${ready.length}/${arrayAt(pod, 'spec', 'containers').length}`;
}

/** The STATUS that kubectl shows: the phase, unless a container or the deletion says more. */
export function podStatus(pod: JsonObject): string {
  if (valueAt(pod, 'metadata', 'deletionTimestamp') !== undefined) return 'Terminating';
  const init = initReason(pod);
  if (init !== undefined) return init;
  const own = stringAt(pod, 'status', 'reason') || stringAt(pod, 'status', 'phase');
  const statuses = arrayAt(pod, 'status', 'containerStatuses');
  const reason = statuses.map(containerReason).find((text) => text !== '') ?? own;
  const running = statuses.some((status) => valueAt(status, 'state', 'running') !== undefined);
  return reason === 'Completed' && running ? 'Running' : reason;
}

function initReason(pod: JsonObject): string | undefined {
  const statuses = arrayAt(pod, 'status', 'initContainerStatuses');
  for (const [index, status] of statuses.entries()) {
    const terminated = valueAt(status, 'state', 'terminated');
    if (terminated !== undefined && numberAt(terminated, 'exitCode') === 0) continue;
    const reason = containerReason(status);
    if (reason !== '' && reason !== 'PodInitializing') return `Init:${reason}`;
    return `Init:${index}/${arrayAt(pod, 'spec', 'initContainers').length}`;
  }
  return undefined;
}

function containerReason(status: unknown): string {
  const waiting = stringAt(status, 'state', 'waiting', 'reason');
  if (waiting !== '') return waiting;
  if (valueAt(status, 'state', 'terminated') === undefined) return '';
  const terminated = objectAt(status, 'state', 'terminated');
  const reason = stringAt(terminated, 'reason');
  if (reason !== '') return reason;
  const signal = numberAt(terminated, 'signal');
  return signal === 0 ? `ExitCode:${numberAt(terminated, 'exitCode')}` : `Signal:${signal}`;
}
