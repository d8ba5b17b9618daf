import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { updateRequestCrd } from '../../src/core/update-request-crd.ts';
import {
  startEmbeddedKubernetes,
  type EmbeddedKubernetes,
} from '../../src/sandbox/kubernetes/embedded-kubernetes.ts';
import { arrayAt, stringAt } from '../../src/sandbox/kubernetes/json.ts';
import { requireParts } from '../parts/binaries.ts';
import { eventually } from '../parts/eventually.ts';
import { systemClock } from '../../src/system.ts';

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: NAME, annotations: { headwind.sh/policy: minor } }
spec:
  replicas: 2
  selector: { matchLabels: { app: NAME } }
  template:
    metadata: { labels: { app: NAME } }
    spec:
      containers:
        - { name: web, image: "nginx:1.25.0", ports: [{ containerPort: 80 }] }
        - { name: side, image: "busybox:1.36" }
`;

const UPDATE_REQUEST = `
apiVersion: headwind.sh/v1alpha1
kind: UpdateRequest
metadata: { name: NAME }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: web, namespace: default }
  updateType: image
  containerName: web
  currentImage: nginx:1.25.0
  newImage: nginx:1.26.0
  policy: minor
`;

let api: EmbeddedKubernetes;
let directory = '';
let binary = '';

beforeAll(async () => {
  binary = requireParts(['kubectl'], process.env).get('kubectl') ?? 'kubectl';
  directory = await mkdtemp(join(tmpdir(), 'headwind-kubectl-'));
  api = await startEmbeddedKubernetes({ crds: [updateRequestCrd()], clock: systemClock });
  await writeFile(join(directory, 'kubeconfig'), api.kubeconfig);
});

afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

function environment(): NodeJS.ProcessEnv {
  // A home of its own: kubectl keeps what it has discovered there.
  return { ...process.env, HOME: directory, KUBECONFIG: join(directory, 'kubeconfig') };
}

function kubectl(...args: readonly string[]): Promise<Output> {
  return new Promise((resolve) => {
    const child = execFile(binary, args, { env: environment(), timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (child.exitCode ?? 1), stdout, stderr });
    });
  });
}

/** The output of a command that must succeed. */
async function succeed(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await kubectl(...args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

async function manifest(text: string, name: string): Promise<string> {
  const path = join(directory, `${name}.yaml`);
  await writeFile(path, text.replaceAll('NAME', name));
  return path;
}

function imagesOf(name: string): readonly string[] {
  const deployment = api.store.get('deployments', 'default', name);
  return arrayAt(deployment, 'spec', 'template', 'spec', 'containers').map((item) => stringAt(item, 'image'));
}

describe('kubectl against the embedded API', () => {
  test('applies a manifest, says unchanged the second time, and prints it', async () => {
    const file = await manifest(DEPLOYMENT, 'applied');
    expect(await succeed('apply', '-f', file)).toContain('deployment.apps/applied created');
    expect(await succeed('apply', '-f', file)).toContain('deployment.apps/applied unchanged');
    const table = await succeed('get', 'deploy', 'applied', '-o', 'wide');
    expect(table).toMatch(/NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE\s+CONTAINERS\s+IMAGES\s+SELECTOR/);
    expect(table).toMatch(
      /applied\s+0\/2\s+0\s+0\s+\d+s\s+web,side\s+nginx:1.25.0,busybox:1.36\s+app=applied/,
    );
  });

  test('applies a change to one container and leaves what others have set', async () => {
    const file = await manifest(DEPLOYMENT, 'changed');
    await succeed('apply', '-f', file);
    await succeed('annotate', 'deploy', 'changed', 'somebody=else');
    await writeFile(file, DEPLOYMENT.replaceAll('NAME', 'changed').replace('1.25.0', '1.26.0'));
    expect(await succeed('apply', '-f', file)).toContain('configured');
    expect(imagesOf('changed')).toEqual(['nginx:1.26.0', 'busybox:1.36']);
    expect(api.store.get('deployments', 'default', 'changed')?.metadata.annotations).toMatchObject({
      somebody: 'else',
    });
  });

  test.each([
    ['strategic', '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"busybox:1.37"}]}}}}'],
    ['json', '[{"op":"replace","path":"/spec/template/spec/containers/1/image","value":"busybox:1.37"}]'],
    ['merge', '{"spec":{"template":{"metadata":{"annotations":{"a":"b"}}}}}'],
  ])('patches (%s)', async (type, patch) => {
    const name = `patched-${type}`;
    await succeed('apply', '-f', await manifest(DEPLOYMENT, name));
    expect(await succeed('patch', 'deploy', name, '--type', type, '-p', patch)).toContain('patched');
    expect(imagesOf(name)).toEqual(['nginx:1.25.0', type === 'merge' ? 'busybox:1.36' : 'busybox:1.37']);
  });

  test('sets images, scales, labels, restarts', async () => {
    await succeed('apply', '-f', await manifest(DEPLOYMENT, 'handled'));
    await succeed('set', 'image', 'deploy/handled', 'web=nginx:1.27.0');
    await succeed('scale', 'deploy', 'handled', '--replicas=5');
    await succeed('label', 'deploy', 'handled', 'tier=front');
    await succeed('rollout', 'restart', 'deploy', 'handled');
    const deployment = api.store.get('deployments', 'default', 'handled');
    expect(deployment).toMatchObject({ spec: { replicas: 5 }, metadata: { labels: { tier: 'front' } } });
    expect(imagesOf('handled')).toEqual(['nginx:1.27.0', 'busybox:1.36']);
    expect(await succeed('get', 'deploy', '-l', 'tier=front', '-o', 'name')).toBe(
      'deployment.apps/handled\n',
    );
  });

  test('waits for a rollout', async () => {
    await succeed('apply', '-f', await manifest(DEPLOYMENT, 'rolled'));
    const waiting = succeed('rollout', 'status', 'deploy/rolled', '--timeout=20s');
    const deployment = api.store.get('deployments', 'default', 'rolled');
    if (deployment === undefined) throw new Error('the Deployment is missing');
    const status = {
      observedGeneration: 1,
      replicas: 2,
      updatedReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
    };
    api.store.update('deployments', { ...deployment, status }, { status: true });
    expect(await waiting).toContain('successfully rolled out');
  });

  test('describes a Deployment with its Events', async () => {
    await succeed('apply', '-f', await manifest(DEPLOYMENT, 'described'));
    const uid = api.store.get('deployments', 'default', 'described')?.metadata.uid;
    const about = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'described', uid };
    const now = new Date().toISOString();
    api.store.create('events', {
      metadata: { name: 'described.1', namespace: 'default' },
      involvedObject: about,
      type: 'Normal',
      reason: 'UpdateApplied',
      message: 'nginx:1.26.0 is running',
      source: { component: 'headwind' },
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
    });
    const text = await succeed('describe', 'deploy', 'described');
    expect(text).toMatch(/Name:\s+described/);
    expect(text).toMatch(/Annotations:.*\n?.*headwind\.sh\/policy: minor/);
    expect(text).toMatch(/UpdateApplied.*nginx:1\.26\.0 is running/);
    expect(await succeed('get', 'events')).toContain('deployment/described');
  });

  test('describes a pod and shows its log', async () => {
    api.store.create('pods', {
      metadata: { name: 'podded', namespace: 'default' },
      spec: { nodeName: 'demo', containers: [{ name: 'web', image: 'nginx:1.25.0' }] },
    });
    expect(await succeed('get', 'pods', 'podded', '-o', 'wide')).toMatch(
      /podded\s+0\/1\s+Pending\s+0\s+\d+s\s+<none>\s+demo/,
    );
    expect(await succeed('describe', 'pod', 'podded')).toMatch(/Image:\s+nginx:1\.25\.0/);
    expect(await succeed('logs', 'podded')).toContain('nginx:1.25.0');
  });

  test('lists, describes and approves UpdateRequests, and refuses a phase that there is not', async () => {
    await succeed('create', '-f', await manifest(UPDATE_REQUEST, 'requested'));
    const table = await succeed('get', 'ur', '-A');
    expect(table).toMatch(/NAMESPACE\s+NAME\s+TARGET/);
    expect(table).toMatch(/default\s+requested\s+web.*Pending/);
    expect(await succeed('describe', 'updaterequest', 'requested')).toMatch(/Phase:\s+Pending/);
    const again = await kubectl('create', '-f', join(directory, 'requested.yaml'));
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('AlreadyExists');
    const wrong = await kubectl(
      'patch',
      'ur',
      'requested',
      '--type',
      'merge',
      '-p',
      '{"spec":{"policy":"maybe"}}',
    );
    expect(wrong.stderr).toContain('spec.policy: Unsupported value: "maybe"');
  });

  test('follows changes as they happen', async () => {
    const child = spawn(binary, ['get', 'ur', '-w'], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      let text = '';
      child.stdout.on('data', (chunk) => {
        text += String(chunk);
      });
      const file = await manifest(UPDATE_REQUEST, 'followed');
      await succeed('create', '-f', file);
      const request = api.store.get('updaterequests', 'default', 'followed');
      if (request === undefined) throw new Error('the UpdateRequest is missing');
      await eventually(() => /followed .*Pending/.test(text), { what: 'the new request' });
      api.store.update('updaterequests', { ...request, status: { phase: 'Approved' } }, { status: true });
      await eventually(() => /followed .*Approved/.test(text), { what: 'the approval' });
      expect(text.match(/NAME /g)).toHaveLength(1);
    } finally {
      child.kill();
    }
  });

  test('creates and deletes what its commands make', async () => {
    await succeed('create', 'namespace', 'made');
    await succeed('create', 'configmap', 'settings', '--from-literal=a=b', '-n', 'made');
    await succeed(
      'create',
      'secret',
      'docker-registry',
      'pull',
      '--docker-server=r',
      '--docker-username=u',
      '--docker-password=p',
      '-n',
      'made',
    );
    await succeed('create', 'deployment', 'made', '--image=nginx:1.25.0', '-n', 'made');
    expect(api.store.get('secrets', 'made', 'pull')).toMatchObject({
      type: 'kubernetes.io/dockerconfigjson',
    });
    expect(api.store.get('deployments', 'made', 'made')).toMatchObject({ spec: { replicas: 1 } });
    expect(await succeed('get', 'all', '-n', 'made')).toContain('deployment.apps/made');
    await succeed('delete', 'deployment', 'made', '-n', 'made');
    await succeed('delete', 'namespace', 'made');
    expect(api.store.get('namespaces', '', 'made')).toBeUndefined();
    expect(api.store.list('configmaps', 'made')).toEqual([]);
  });

  test('answers what there is and what one may do', async () => {
    const resources = await succeed('api-resources');
    expect(resources).toMatch(/updaterequests\s+ur,upd\s+headwind\.sh/);
    expect(resources).toMatch(/deployments\s+deploy\s+apps/);
    expect(await succeed('auth', 'can-i', 'create', 'deployments')).toContain('yes');
    expect(await succeed('get', 'ns')).toMatch(/default\s+Active/);
    expect(await succeed('get', 'crd')).toContain('updaterequests.headwind.sh');
    const missing = await kubectl('get', 'deploy', 'nobody');
    expect(missing.stderr).toContain('Error from server (NotFound): deployments.apps "nobody" not found');
  });
});
