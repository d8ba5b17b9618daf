import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';

const labels = { 'app.kubernetes.io/name': 'headwind', 'app.kubernetes.io/instance': '{{ .Release.Name }}' };
const metadata = (name: string): object => ({ name, labels });
const rbac = 'rbac.authorization.k8s.io';

/** Of an older chart of the same name those objects whose names or selectors meet ours, as it made them. */
const OBJECTS: readonly object[] = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('headwind') },
  {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: metadata('headwind'),
    rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] }],
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: metadata('headwind'),
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'headwind' },
    subjects: [{ kind: 'ServiceAccount', name: 'headwind', namespace: '{{ .Release.Namespace }}' }],
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata('headwind-config'),
    data: { 'polling.enabled': 'false' },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('headwind'),
    spec: { selector: labels, ports: [{ name: 'ui', port: 8082, targetPort: 'ui' }] },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata('headwind'),
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: 'headwind',
          containers: [{ name: 'headwind', image: 'ghcr.io/headwind-sh/headwind:0.1.1' }],
        },
      },
    },
  },
];

const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'updaterequests.headwind.sh' },
  spec: {
    group: 'headwind.sh',
    scope: 'Namespaced',
    names: {
      kind: 'UpdateRequest',
      listKind: 'UpdateRequestList',
      plural: 'updaterequests',
      singular: 'updaterequest',
    },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

/** Writes that chart, with the definition in Helm's own directory, and answers where it is. */
export async function writeOlderChart(directory: string): Promise<string> {
  const chart = join(directory, 'headwind');
  await mkdir(join(chart, 'templates'), { recursive: true });
  await mkdir(join(chart, 'crds'));
  await writeFile(
    join(chart, 'Chart.yaml'),
    dump({ apiVersion: 'v2', name: 'headwind', version: '0.1.0', appVersion: '0.1.1' }),
  );
  await writeFile(join(chart, 'crds/updaterequest.yaml'), dump(DEFINITION));
  await writeFile(
    join(chart, 'templates/all.yaml'),
    OBJECTS.map((object) => `---\n${dump(object)}`).join(''),
  );
  return chart;
}
