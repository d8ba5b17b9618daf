import type { ControlPlaneAccess } from './control-plane-access.ts';
import { eventually } from './eventually.ts';
import { applyManifest } from './manifests.ts';

const GROUP = 'monitoring.coreos.com';

const text = { type: 'string' };
const texts = { type: 'object', additionalProperties: text };
const relabelings = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      action: text,
      regex: text,
      sourceLabels: { type: 'array', items: text },
      targetLabel: text,
    },
  },
};
const endpoints = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      port: text,
      path: text,
      interval: text,
      scrapeTimeout: text,
      relabelings,
      metricRelabelings: relabelings,
    },
  },
};

/** Of the Prometheus operator's definitions what the chart may use, and nothing that it may not. */
const KINDS = [
  { kind: 'ServiceMonitor', plural: 'servicemonitors', list: 'endpoints' },
  { kind: 'PodMonitor', plural: 'podmonitors', list: 'podMetricsEndpoints' },
] as const;

/** Installs ServiceMonitors and PodMonitors, and waits until the API server serves them. */
export async function installMonitoringCrds(access: ControlPlaneAccess): Promise<void> {
  for (const { kind, plural, list } of KINDS) {
    const spec = {
      type: 'object',
      required: ['selector', list],
      properties: { selector: { type: 'object', properties: { matchLabels: texts } }, [list]: endpoints },
    };
    const names = { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() };
    const schema = { openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec } } };
    await applyManifest(access, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${GROUP}` },
      spec: {
        group: GROUP,
        scope: 'Namespaced',
        names,
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    });
  }
  for (const { plural } of KINDS)
    await eventually(
      async () => (await access.request('GET', `/apis/${GROUP}/v1/${plural}`)).status === 200,
      { what: `the API server serves ${plural}.${GROUP}`, timeoutMs: 30_000 },
    );
}
