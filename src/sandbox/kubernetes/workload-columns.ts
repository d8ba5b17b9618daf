import { AGE_COLUMN, column, labelsText, NAME_COLUMN, SELECTOR_COLUMN, TEMPLATE_COLUMNS } from './cells.ts';
import { arrayAt, numberAt, stringAt, stringMapAt, type JsonObject } from './json.ts';
import type { Column } from './resource-type.ts';

function readyOf(object: JsonObject): string {
  return `${numberAt(object, 'status', 'readyReplicas')}/${numberAt(object, 'spec', 'replicas')}`;
}

function statusCount(name: string, description: string, key: string): Column {
  return column(name, description, (object) => numberAt(object, 'status', key), { type: 'integer' });
}

export const DEPLOYMENT_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Ready', 'How many of the wanted pods are ready.', readyOf),
  column('Up-to-date', 'How many pods have the newest template.', (object) =>
    String(numberAt(object, 'status', 'updatedReplicas')),
  ),
  column('Available', 'How many pods have been ready for long enough.', (object) =>
    String(numberAt(object, 'status', 'availableReplicas')),
  ),
  AGE_COLUMN,
  ...TEMPLATE_COLUMNS,
  SELECTOR_COLUMN,
];

export const REPLICA_SET_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Desired', 'How many pods are wanted.', (object) => numberAt(object, 'spec', 'replicas'), {
    type: 'integer',
  }),
  statusCount('Current', 'How many pods there are.', 'replicas'),
  statusCount('Ready', 'How many pods are ready.', 'readyReplicas'),
  AGE_COLUMN,
  ...TEMPLATE_COLUMNS,
  SELECTOR_COLUMN,
];

export const STATEFUL_SET_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Ready', 'How many of the wanted pods are ready.', readyOf),
  AGE_COLUMN,
  ...TEMPLATE_COLUMNS,
];

export const DAEMON_SET_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  statusCount('Desired', 'On how many nodes the pod should run.', 'desiredNumberScheduled'),
  statusCount('Current', 'On how many nodes the pod runs.', 'currentNumberScheduled'),
  statusCount('Ready', 'On how many nodes the pod is ready.', 'numberReady'),
  statusCount('Up-to-date', 'On how many nodes the pod has the newest template.', 'updatedNumberScheduled'),
  statusCount('Available', 'On how many nodes the pod has been ready for long enough.', 'numberAvailable'),
  column('Node Selector', 'The labels of the nodes that the pod runs on.', (object) =>
    labelsText(stringMapAt(object, 'spec', 'template', 'spec', 'nodeSelector')),
  ),
  AGE_COLUMN,
  ...TEMPLATE_COLUMNS,
  SELECTOR_COLUMN,
];

export const CONTROLLER_REVISION_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Controller', 'The object that the revision belongs to.', (object) => {
    const owner = arrayAt(object, 'metadata', 'ownerReferences')[0];
    return owner === undefined ? '<none>' : ownerText(owner);
  }),
  column('Revision', 'The number of the revision.', (object) => numberAt(object, 'revision')),
  AGE_COLUMN,
];

function ownerText(owner: unknown): string {
  const group = stringAt(owner, 'apiVersion').split('/').slice(0, -1).join('');
  const kind = stringAt(owner, 'kind').toLowerCase();
  return `${kind}${group === '' ? '' : `.${group}`}/${stringAt(owner, 'name')}`;
}
