import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { readSettings } from '../../src/config/settings.ts';
import { updateRequestCrd } from '../../src/core/update-request-crd.ts';
import { requirePart } from '../parts/binaries.ts';
import { accessControlPlane, type ControlPlaneAccess } from '../parts/control-plane-access.ts';
import { eventually } from '../parts/eventually.ts';
import {
  applyManifest,
  crdEstablished,
  installationFiles,
  MANIFESTS,
  readManifests,
  type Manifest,
} from '../parts/manifests.ts';

const run = promisify(execFile);
const NAMESPACE = 'headwind-system';
/** It needs Kubernetes 1.30, and has tests of its own. */
const FOR_NEWER_SERVERS = 'approved-by.yaml';

describe('the shipped manifests', () => {
  let access: ControlPlaneAccess;

  beforeAll(() => {
    access = accessControlPlane(inject('controlPlane'));
  });

  afterAll(() => {
    access.disconnect();
  });

  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const binary = requirePart('kubectl', process.env);
    const { stdout } = await run(binary, ['--kubeconfig', access.admin.kubeconfigPath, ...args]);
    return stdout;
  };

  const allManifests = async (): Promise<readonly Manifest[]> => {
    // Not those below: a stand-in for a CustomResourceDefinition of Flux's is never applied with the others.
    const files = (await readdir(join(MANIFESTS, 'optional'))).filter((file) => file.endsWith('.yaml'));
    const optional = files.filter((file) => file !== FOR_NEWER_SERVERS).map((file) => `optional/${file}`);
    const all = [...(await installationFiles()), ...optional];
    return (await Promise.all(all.map(readManifests))).flat();
  };

  it('hold the CRD that the program is built with', async () => {
    expect(await readManifests('crds/updaterequest.yaml')).toEqual([updateRequestCrd()]);
  });

  it('name the image of this version', async () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(join(MANIFESTS, '../../package.json'), 'utf8')));
    expect(await readFile(join(MANIFESTS, 'deployment.yaml'), 'utf8')).toContain(
      `image: ghcr.io/headwind-sh/headwind:${version}\n`,
    );
  });

  it('configure the program with values that it accepts', async () => {
    const [configMap] = await readManifests('configmap.yaml');
    const data = z.record(z.string(), z.string()).parse(configMap?.['data']);

    expect(readSettings(data)).toMatchObject({ ok: true });
  });

  it('are accepted by the API server, and change nothing the second time', async () => {
    const manifests = await allManifests();
    const apply = async (): Promise<readonly unknown[]> => {
      const versions: unknown[] = [];
      for (const manifest of manifests) {
        const applied = await applyManifest(access, manifest);
        if (manifest.kind === 'CustomResourceDefinition') await crdEstablished(access);
        versions.push(Applied.parse(applied).metadata);
      }
      return versions;
    };

    const first = await apply();
    const second = await apply();

    expect(second).toEqual(first);
    expect(second).toHaveLength(manifests.length);
  });

  it('are applied by kubectl in one command, and unchanged the second time', async () => {
    await kubectl('apply', '-k', MANIFESTS);

    const again = (await kubectl('apply', '-k', MANIFESTS)).trim().split('\n');

    expect(again.length).toBeGreaterThanOrEqual(10);
    expect(again.filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
  });

  it('make the API server serve update requests, Pending from the first moment', async () => {
    const crd = await access.expectOk(
      'GET',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/updaterequests.headwind.sh',
    );
    expect(conditionsOf(crd)).toMatchObject({ Established: 'True', NamesAccepted: 'True' });
    expect(conditionsOf(crd)).not.toHaveProperty('NonStructuralSchema');

    const created = await access.expectOk(
      'POST',
      `/apis/headwind.sh/v1alpha1/namespaces/${NAMESPACE}/updaterequests?dryRun=All`,
      {
        apiVersion: 'headwind.sh/v1alpha1',
        kind: 'UpdateRequest',
        metadata: { name: 'probe' },
        spec: {
          targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: NAMESPACE },
          updateType: 'image',
          containerName: 'web',
          currentImage: 'nginx:1.25.0',
          newImage: 'nginx:1.26.0',
          policy: 'minor',
        },
      },
    );
    expect(created).toMatchObject({ spec: { requireApproval: true }, status: { phase: 'Pending' } });
    expect(await kubectl('get', 'ur', '-A')).toBeDefined();
  });

  it('bring a pod into being that is locked down', async () => {
    const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
    const pod = await eventually(
      async () => PodList.parse((await access.request('GET', pods)).body).items[0],
      { what: "the Deployment's pod", timeoutMs: 30_000 },
    );

    expect(pod.spec).toMatchObject({
      serviceAccountName: 'headwind',
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          resources: { requests: { memory: '96Mi' }, limits: { memory: '192Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    });
  });

  it('lead each service to the port of its name', async () => {
    const [deployment] = await readManifests('deployment.yaml');
    const ports = ContainerPorts.parse(deployment).spec.template.spec.containers[0]?.ports ?? [];
    const services = (await readManifests('service.yaml')).map((service) => Service.parse(service));

    expect(services.map(({ metadata, spec }) => [metadata.name, spec.ports[0]?.port])).toEqual([
      ['headwind-webhook', 8080],
      ['headwind-api', 8081],
      ['headwind-ui', 8082],
      ['headwind-metrics', 9090],
    ]);
    for (const { spec } of services)
      for (const { port, targetPort } of spec.ports)
        expect(ports).toContainEqual({ name: targetPort, containerPort: port, protocol: 'TCP' });
  });

  it('hold a HelmRepository definition that the API server accepts, and that nothing else refers to', async () => {
    const [crd] = await readManifests('optional/crds/helmrepository.yaml');
    const path =
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/helmrepositories.source.toolkit.fluxcd.io';
    const query = '?fieldManager=headwind-tests&force=true&dryRun=All';
    const type = 'application/apply-patch+yaml';
    await expect(access.expectOk('PATCH', `${path}${query}`, crd, type)).resolves.toMatchObject({
      spec: { names: { kind: 'HelmRepository' } },
    });
    expect(await installationFiles()).not.toContain('optional/crds/helmrepository.yaml');
  });

  describe('the roles', () => {
    const may = async (
      user: string,
      verb: string,
      resource: string,
      at: { readonly namespace: string; readonly name?: string } = { namespace: 'shop' },
    ): Promise<boolean> => {
      const [path = '', subresource] = resource.split('/');
      const [name = '', ...group] = path.split('.');
      const review = await access.expectOk('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user,
          resourceAttributes: {
            verb,
            resource: name,
            subresource,
            group: group.join('.'),
            ...at,
          },
        },
      });
      return AccessReview.parse(review).status.allowed;
    };
    const HEADWIND = `system:serviceaccount:${NAMESPACE}:headwind`;

    it.each([
      ['deployments.apps', ['get', 'list', 'watch', 'patch']],
      ['statefulsets.apps', ['get', 'list', 'watch', 'patch']],
      ['daemonsets.apps', ['get', 'list', 'watch', 'patch']],
      ['updaterequests.headwind.sh', ['get', 'list', 'watch', 'create', 'patch', 'delete']],
      ['updaterequests.headwind.sh/status', ['patch']],
      ['events', ['create', 'patch']],
      ['secrets', ['get']],
      ['serviceaccounts', ['get']],
      ['configmaps', []],
      ['pods', ['list', 'watch', 'delete']],
      ['pods/exec', []],
      ['namespaces', []],
      ['nodes', ['list']],
      ['tokenreviews.authentication.k8s.io', ['create']],
      ['subjectaccessreviews.authorization.k8s.io', ['create']],
      ['users', []],
      ['serviceaccounts/token', []],
      ['deployments.apps/scale', []],
      ['clusterroles.rbac.authorization.k8s.io', []],
    ])('allow on %s exactly %j', async (resource, allowed) => {
      const answers = await Promise.all(
        ALL_VERBS.map(async (verb) => ((await may(HEADWIND, verb, resource)) ? [verb] : [])),
      );

      expect(answers.flat()).toEqual(ALL_VERBS.filter((verb) => allowed.includes(verb)));
    });

    it.each([
      ['configmaps', 'headwind-config', ['get', 'list', 'watch', 'patch']],
      ['configmaps', 'headwind-ui-config', ['list', 'watch']],
      ['configmaps', 'another', []],
      ['secrets', 'headwind-secrets', ['get', 'list', 'watch', 'patch']],
      ['secrets', 'another', ['get']],
    ])('allow in its own namespace on %s %s exactly %j', async (resource, name, allowed) => {
      const at = { namespace: NAMESPACE, name };
      const answers = await Promise.all(
        ALL_VERBS.map(async (verb) => ((await may(HEADWIND, verb, resource, at)) ? [verb] : [])),
      );

      expect(answers.flat()).toEqual(ALL_VERBS.filter((verb) => allowed.includes(verb)));
    });
  });
});

const ALL_VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

const Applied = z.object({ metadata: z.object({ uid: z.string(), generation: z.number().optional() }) });
const AccessReview = z.object({ status: z.object({ allowed: z.boolean() }) });
const PodList = z.object({ items: z.array(z.object({ spec: z.looseObject({}) })) });
const ContainerPorts = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({ containers: z.array(z.object({ ports: z.array(z.unknown()) })) }),
    }),
  }),
});
const Service = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ ports: z.array(z.object({ port: z.number(), targetPort: z.string() })) }),
});
const Crd = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })) }),
});

function conditionsOf(crd: unknown): Record<string, string> {
  return Object.fromEntries(Crd.parse(crd).status.conditions.map(({ type, status }) => [type, status]));
}
