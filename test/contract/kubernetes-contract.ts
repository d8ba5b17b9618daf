import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import { updateRequestCrd } from '../../src/core/update-request-crd.ts';
import { eventually } from '../parts/eventually.ts';
import { send, type Endpoint } from './contract-api.ts';
import { createSubject, requestsPath, type Subject } from './contract-fixtures.ts';
import { describeCustomResources } from './custom-resources-contract.ts';
import { describeLists } from './lists-contract.ts';
import { describeObjects } from './objects-contract.ts';
import { describePatches } from './patches-contract.ts';
import { describeWatches } from './watches-contract.ts';

/**
 * What Headwind and kubectl rely on in a Kubernetes API. It runs against the embedded one and against a real
 * API server, so that the two cannot drift apart.
 */
export function describeContract(name: string, connect: () => Promise<Endpoint>): void {
  describe(`the Kubernetes API of ${name}`, () => {
    let endpoint: Endpoint | undefined;
    let subject: Subject | undefined;

    beforeAll(async () => {
      endpoint = await connect();
      subject = createSubject(endpoint, `contract-${randomUUID().slice(0, 8)}`);
      await prepare(subject);
    });

    afterAll(async () => {
      if (endpoint === undefined || subject === undefined) return;
      await send(endpoint, { method: 'DELETE', path: `/api/v1/namespaces/${subject.namespace}` });
      await endpoint.close();
    });

    const connected = (): Subject => {
      if (subject === undefined) throw new Error('the API is not connected');
      return subject;
    };
    describeObjects(connected);
    describePatches(connected);
    describeLists(connected);
    describeWatches(connected);
    describeCustomResources(connected);
  });
}

async function prepare(subject: Subject): Promise<void> {
  const { namespace } = subject;
  await subject.created('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  // Other tests may have defined it already.
  await subject.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', updateRequestCrd());
  await eventually(async () => (await subject.get(requestsPath(subject))).status === 200, {
    what: 'UpdateRequests are served',
    timeoutMs: 30_000,
  });
  await eventually(
    async () => (await subject.get(`/api/v1/namespaces/${namespace}/serviceaccounts/default`)).status === 200,
    { what: 'the default service account', timeoutMs: 30_000 },
  );
}
