import { toTimestamp } from '../../../core/clock.ts';
import type { ObjectStore } from '../store.ts';

/** The one node of the sandbox. */
export const NODE_NAME = 'demo';

const RESOURCES = { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '50Gi' };

/** Registers the node, once. */
export function registerNode(store: ObjectStore, nowMs: number): void {
  if (store.get('nodes', '', NODE_NAME) !== undefined) return;
  const now = toTimestamp(nowMs);
  const node = store.create('nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: NODE_NAME,
      labels: {
        'kubernetes.io/hostname': NODE_NAME,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
      },
    },
    spec: {},
  });
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'kubelet is posting ready status',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  const status = {
    capacity: RESOURCES,
    allocatable: RESOURCES,
    conditions: [ready],
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: NODE_NAME },
    ],
    nodeInfo: {
      machineID: '',
      systemUUID: '',
      bootID: '',
      kernelVersion: 'none',
      osImage: 'none: no process is started here',
      containerRuntimeVersion: 'headwind-demo://1',
      kubeletVersion: 'headwind-demo',
      kubeProxyVersion: 'headwind-demo',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
  };
  store.update('nodes', { ...node, status }, { status: true });
}
