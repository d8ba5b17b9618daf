import { AGE_COLUMN, ageOf, column, labelsText, NAME_COLUMN, orNone } from './cells.ts';
import { arrayAt, numberAt, objectAt, stringAt, stringMapAt, valueAt, type JsonObject } from './json.ts';
import type { Cell, Column } from './resource-type.ts';

const ROLE_LABEL = 'node-role.kubernetes.io/';
const MAX_ENDPOINTS_SHOWN = 3;

export const NAMESPACE_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Status', 'The status of the namespace.', (object) => stringAt(object, 'status', 'phase')),
  AGE_COLUMN,
];

export const CONFIG_MAP_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Data', 'The number of entries.', (object) => String(dataCount(object))),
  AGE_COLUMN,
];

export const SECRET_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Type', 'What the secret is for.', (object) => stringAt(object, 'type')),
  column('Data', 'The number of entries.', (object) => String(dataCount(object))),
  AGE_COLUMN,
];

export const SERVICE_ACCOUNT_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Secrets', 'The number of secrets that belong to the account.', (object) =>
    String(arrayAt(object, 'secrets').length),
  ),
  AGE_COLUMN,
];

export const LEASE_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Holder', 'Who holds the lease.', (object) => stringAt(object, 'spec', 'holderIdentity')),
  AGE_COLUMN,
];

export const CRD_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Created At', 'When the object was created.', (object) => createdAt(object), { type: 'date' }),
];

export const ENDPOINTS_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Endpoints', 'The addresses and ports.', endpointsText),
  AGE_COLUMN,
];

export const SERVICE_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Type', 'How the service is exposed.', (object) => stringAt(object, 'spec', 'type')),
  column('Cluster-IP', 'The address inside the cluster.', (object) =>
    orNone(stringAt(object, 'spec', 'clusterIP')),
  ),
  column('External-IP', 'The addresses outside the cluster.', (object) =>
    orNone(arrayAt(object, 'spec', 'externalIPs').join(',')),
  ),
  column('Port(s)', 'The ports of the service.', (object) =>
    orNone(
      arrayAt(object, 'spec', 'ports')
        .map((port) => `${numberAt(port, 'port')}/${stringAt(port, 'protocol')}`)
        .join(','),
    ),
  ),
  AGE_COLUMN,
  column(
    'Selector',
    'The labels of the pods behind the service.',
    (object) => labelsText(stringMapAt(object, 'spec', 'selector')),
    { wide: true },
  ),
];

export const NODE_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  column('Status', 'Whether the node is ready.', nodeStatus),
  column('Roles', 'The roles of the node.', (object) =>
    orNone(
      Object.keys(objectAt(object, 'metadata', 'labels'))
        .filter((key) => key.startsWith(ROLE_LABEL))
        .map((key) => key.slice(ROLE_LABEL.length))
        .sort()
        .join(','),
    ),
  ),
  AGE_COLUMN,
  column('Version', 'The version of the kubelet.', (object) => nodeInfo(object, 'kubeletVersion')),
  column('Internal-IP', 'The address inside the cluster.', (object) => addressOf(object, 'InternalIP'), {
    wide: true,
  }),
  column('External-IP', 'The address outside the cluster.', (object) => addressOf(object, 'ExternalIP'), {
    wide: true,
  }),
  column('OS-Image', 'The operating system.', (object) => nodeInfo(object, 'osImage'), { wide: true }),
  column('Kernel-Version', 'The version of the kernel.', (object) => nodeInfo(object, 'kernelVersion'), {
    wide: true,
  }),
  column(
    'Container-Runtime',
    'The container runtime.',
    (object) => nodeInfo(object, 'containerRuntimeVersion'),
    { wide: true },
  ),
];

export const EVENT_COLUMNS: readonly Column[] = [
  column('Last Seen', 'When the event was seen last.', (event, nowMs) =>
    ageOf(firstTime(event, 'lastTimestamp'), nowMs),
  ),
  column('Type', 'Normal or Warning.', (event) => stringAt(event, 'type')),
  column('Reason', 'A short word for programs.', (event) => stringAt(event, 'reason')),
  column('Object', 'What the event is about.', (event) => {
    const kind = stringAt(event, 'involvedObject', 'kind').toLowerCase();
    const name = stringAt(event, 'involvedObject', 'name');
    return name === '' ? kind : `${kind}/${name}`;
  }),
  column('Subobject', 'The part of it.', (event) => stringAt(event, 'involvedObject', 'fieldPath'), {
    wide: true,
  }),
  column('Source', 'Who reports it.', sourceText, { wide: true }),
  column('Message', 'A sentence for people.', (event) => stringAt(event, 'message').trim()),
  column(
    'First Seen',
    'When the event was seen first.',
    (event, nowMs) => ageOf(firstTime(event, 'firstTimestamp'), nowMs),
    { wide: true },
  ),
  column('Count', 'How often it was seen.', (event) => String(numberAt(event, 'count') || 1), { wide: true }),
  { ...NAME_COLUMN, priority: 1 },
];

function dataCount(object: JsonObject): number {
  return Object.keys(objectAt(object, 'data')).length + Object.keys(objectAt(object, 'binaryData')).length;
}

function createdAt(object: JsonObject): Cell {
  return stringAt(object, 'metadata', 'creationTimestamp');
}

function endpointsText(object: JsonObject): Cell {
  const all = arrayAt(object, 'subsets').flatMap((subset) =>
    arrayAt(subset, 'addresses').flatMap((address) =>
      arrayAt(subset, 'ports').map((port) => `${stringAt(address, 'ip')}:${numberAt(port, 'port')}`),
    ),
  );
  const more = all.length - MAX_ENDPOINTS_SHOWN;
  const shown = all.slice(0, MAX_ENDPOINTS_SHOWN).join(',');
  return orNone(more > 0 ? `${shown} + ${more} more...` : shown);
}

function nodeStatus(object: JsonObject): Cell {
  const ready = arrayAt(object, 'status', 'conditions').find((item) => stringAt(item, 'type') === 'Ready');
  const status = stringAt(ready, 'status');
  const text = status === '' ? 'Unknown' : status === 'True' ? 'Ready' : 'NotReady';
  return valueAt(object, 'spec', 'unschedulable') === true ? `${text},SchedulingDisabled` : text;
}

function nodeInfo(object: JsonObject, key: string): Cell {
  return stringAt(object, 'status', 'nodeInfo', key) || '<unknown>';
}

function addressOf(object: JsonObject, type: string): Cell {
  const found = arrayAt(object, 'status', 'addresses').find((item) => stringAt(item, 'type') === type);
  return orNone(stringAt(found, 'address'));
}

function firstTime(event: JsonObject, key: string): unknown {
  return (
    stringAt(event, key) || stringAt(event, 'eventTime') || valueAt(event, 'metadata', 'creationTimestamp')
  );
}

function sourceText(event: JsonObject): Cell {
  const component = stringAt(event, 'source', 'component') || stringAt(event, 'reportingComponent');
  const host = stringAt(event, 'source', 'host');
  return host === '' ? component : `${component}, ${host}`;
}
