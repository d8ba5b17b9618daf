import { ANNOTATION } from '../src/core/annotations.ts';

export interface DeploymentDescription {
  readonly name: string;
  readonly image: string;
  /** Without one Headwind has nothing to do with it. */
  readonly policy?: string;
}

const VARIABLES_PER_CONTAINER = 24;

/**
 * A Deployment of about 14 KB once the API server has added its managed fields, as those of real clusters have: what
 * has to be read past to find what counts.
 */
export function benchDeployment({ name, image, policy }: DeploymentDescription): object {
  const labels = { app: name, 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'bench' };
  const variables = Array.from({ length: VARIABLES_PER_CONTAINER }, (_, index) => ({
    name: `SETTING_NUMBER_${index}`,
    value: `http://service-${index}.${name}.svc.cluster.local:8080/path/of/some/length?index=${index}`,
  }));
  const probe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10, timeoutSeconds: 2 };
  const spec = {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: 'app',
            image,
            env: variables,
            ports: [{ name: 'http', containerPort: 8080 }],
            readinessProbe: probe,
            livenessProbe: probe,
            resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
            volumeMounts: [{ name: 'config', mountPath: '/etc/app' }],
          },
          { name: 'proxy', image: 'proxy.example.com/mesh/proxy:2.3.1', readinessProbe: probe },
        ],
        initContainers: [{ name: 'setup', image: 'tools.example.com/setup:1.0.0', command: ['/setup'] }],
        volumes: [{ name: 'config', configMap: { name } }],
      },
    },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      labels,
      annotations: {
        ...(policy === undefined ? {} : annotationsFor(policy)),
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ metadata: { name }, spec }),
      },
    },
    spec,
  };
}

/** Updates are applied at once, and again as often as they come. */
function annotationsFor(policy: string): Record<string, string> {
  return {
    [ANNOTATION.policy]: policy,
    [ANNOTATION.requireApproval]: 'false',
    [ANNOTATION.minUpdateInterval]: '0',
  };
}

/** A small Deployment that is polled. */
export function polledDeployment(name: string, image: string): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      labels,
      annotations: { [ANNOTATION.policy]: 'minor', [ANNOTATION.eventSource]: 'polling' },
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image }] } },
    },
  };
}
