import { describe, expect, test } from 'vitest';
import {
  arrayAt,
  numberAt,
  objectAt,
  stringAt,
  valueAt,
  type JsonObject,
} from '../../src/sandbox/kubernetes/json.ts';
import { eventually } from '../parts/eventually.ts';
import {
  anUpdateRequest,
  causesOf,
  nameOf,
  requestsPath,
  TABLE,
  versionOf,
  type Subject,
} from './contract-fixtures.ts';

const GROUP = 'contract.headwind.example';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** A definition with one field per rule. */
function gadgetCrd(): JsonObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `gadgets.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind: 'Gadget', plural: 'gadgets', singular: 'gadget', shortNames: ['gd'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          additionalPrinterColumns: [
            { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
            {
              name: 'Ready',
              type: 'string',
              jsonPath: '.spec.parts[?(@.name=="engine")].state',
              priority: 1,
            },
          ],
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: {
                  type: 'object',
                  required: ['size'],
                  properties: {
                    size: { type: 'integer', minimum: 1, maximum: 10, default: 3 },
                    color: { type: 'string', enum: ['red', 'blue'] },
                    code: { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-z]+$' },
                    due: { type: 'string', format: 'date-time' },
                    port: { 'x-kubernetes-int-or-string': true },
                    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                    notes: { type: 'object', additionalProperties: { type: 'string' } },
                    empty: { type: 'string', nullable: true },
                    parts: {
                      type: 'array',
                      maxItems: 2,
                      items: {
                        type: 'object',
                        required: ['name'],
                        properties: { name: { type: 'string' }, state: { type: 'string', default: 'new' } },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      ],
    },
  };
}

/** Custom resources: definition, schema, status, columns. */
export function describeCustomResources(subject: () => Subject): void {
  describe('an UpdateRequest', () => {
    test('reads Pending from the start, whatever status it came with', async () => {
      const body = { ...anUpdateRequest('fresh'), status: { phase: 'Approved', approvedBy: 'nobody' } };
      const created = await subject().created(requestsPath(subject()), body);
      expect(created['status']).toEqual({ phase: 'Pending' });
      const read = await subject().get(`${requestsPath(subject())}/fresh`);
      expect(objectAt(read.body, 'status')).toEqual({ phase: 'Pending' });
      const list = await subject().get(`${requestsPath(subject())}?fieldSelector=metadata.name%3Dfresh`);
      expect(arrayAt(list.body, 'items')).toMatchObject([
        { kind: 'UpdateRequest', status: { phase: 'Pending' } },
      ]);
    });

    test('gets the defaults of its spec', async () => {
      const created = await subject().created(requestsPath(subject()), anUpdateRequest('with-defaults'));
      expect(objectAt(created, 'spec')['requireApproval']).toBe(true);
      expect(numberAt(created, 'metadata', 'generation')).toBe(1);
    });

    test('a write of the object leaves its status, a write of the status leaves its spec', async () => {
      const path = `${requestsPath(subject())}/parted`;
      const first = await subject().created(requestsPath(subject()), anUpdateRequest('parted'));
      const approved = await subject().put(`${path}/status`, {
        ...first,
        spec: { ...objectAt(first, 'spec'), newImage: 'nginx:9' },
        status: { phase: 'Approved', approvedBy: 'alice' },
      });
      expect(approved.status).toBe(200);
      expect(objectAt(approved.body, 'status')).toEqual({ phase: 'Approved', approvedBy: 'alice' });
      expect(stringAt(approved.body, 'spec', 'newImage')).toBe('nginx:1.26.0');
      expect(numberAt(approved.body, 'metadata', 'generation')).toBe(1);
      const changed = await subject().patch(path, 'merge', {
        metadata: { labels: { a: 'b' } },
        spec: { reason: 'because' },
        status: { phase: 'Failed' },
      });
      expect(objectAt(changed.body, 'status')).toEqual({ phase: 'Approved', approvedBy: 'alice' });
      expect(stringAt(changed.body, 'spec', 'reason')).toBe('because');
      expect(numberAt(changed.body, 'metadata', 'generation')).toBe(2);
    });

    test('a write of the status with an old resourceVersion answers 409', async () => {
      const path = `${requestsPath(subject())}/raced/status`;
      const first = await subject().created(requestsPath(subject()), anUpdateRequest('raced'));
      const metadata = { resourceVersion: versionOf(first) };
      const winner = await subject().patch(path, 'merge', { metadata, status: { phase: 'Approved' } });
      const loser = await subject().patch(path, 'merge', { metadata, status: { phase: 'Rejected' } });
      expect([winner.status, loser.status]).toEqual([200, 409]);
      expect(loser.body).toMatchObject({ kind: 'Status', reason: 'Conflict' });
    });

    test('a replacement without a resourceVersion answers 422', async () => {
      await subject().created(requestsPath(subject()), anUpdateRequest('unversioned'));
      const answer = await subject().put(
        `${requestsPath(subject())}/unversioned`,
        anUpdateRequest('unversioned'),
      );
      expect(answer.status).toBe(422);
      expect(causesOf(answer)).toEqual(['metadata.resourceVersion: FieldValueInvalid']);
    });

    test.each([
      ['a policy that there is not', { policy: 'sometimes' }, 'spec.policy: FieldValueNotSupported'],
      ['no new image', { newImage: undefined }, 'spec.newImage: FieldValueRequired'],
      [
        'a target without a name',
        { targetRef: { apiVersion: 'v1', kind: 'X', namespace: 'y' } },
        'spec.targetRef.name: FieldValueRequired',
      ],
    ])('with %s answers 422', async (_what, difference, cause) => {
      const answer = await subject().post(requestsPath(subject()), anUpdateRequest('refused', difference));
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({
        reason: 'Invalid',
        details: { name: 'refused', group: 'headwind.sh', kind: 'UpdateRequest' },
      });
      expect(causesOf(answer)).toContain(cause);
    });

    test('a phase that there is not is refused and changes nothing', async () => {
      await subject().created(requestsPath(subject()), anUpdateRequest('phased'));
      const path = `${requestsPath(subject())}/phased/status`;
      const answer = await subject().patch(path, 'merge', { status: { phase: 'Perhaps' } });
      expect(answer.status).toBe(422);
      expect(causesOf(answer)).toEqual(['status.phase: FieldValueNotSupported']);
      expect(stringAt((await subject().get(path)).body, 'status', 'phase')).toBe('Pending');
    });

    test.each([
      ['version', { apiVersion: 'headwind.sh/v9' }, 400],
      ['kind', { kind: 'Other' }, 422],
    ])('of another %s than the path says is refused', async (_what, difference, status) => {
      const body = { ...anUpdateRequest('other'), ...difference };
      expect((await subject().post(requestsPath(subject()), body)).status).toBe(status);
    });

    test('prints as a Table with the columns of its definition', async () => {
      await subject().created(requestsPath(subject()), anUpdateRequest('printed'));
      const path = `${requestsPath(subject())}?fieldSelector=metadata.name%3Dprinted`;
      const { body } = await subject().get(path, TABLE);
      expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
      const names = arrayAt(body, 'columnDefinitions').map((column) => stringAt(column, 'name'));
      expect(names.slice(0, 2)).toEqual(['Name', 'Target']);
      const [row] = arrayAt(body, 'rows');
      const cells = arrayAt(row, 'cells');
      expect(cells[0]).toBe('printed');
      expect(cells[names.indexOf('Phase')]).toBe('Pending');
      expect(cells[names.indexOf('Age')]).toMatch(/^\d+s$/);
      expect(valueAt(row, 'object')).toMatchObject({
        kind: 'PartialObjectMetadata',
        metadata: { name: 'printed' },
      });
    });
  });

  describe('a custom resource that is defined while the API runs', () => {
    const gadgets = (): string => `/apis/${GROUP}/v1/namespaces/${subject().namespace}/gadgets`;
    const aGadget = (name: string, spec: JsonObject): JsonObject => ({
      apiVersion: `${GROUP}/v1`,
      kind: 'Gadget',
      metadata: { name },
      spec,
    });

    async function defined(): Promise<void> {
      await subject().post(CRDS, gadgetCrd());
      await eventually(
        async () => {
          const { body } = await subject().get(`${CRDS}/gadgets.${GROUP}`);
          const conditions = arrayAt(body, 'status', 'conditions');
          if (
            !conditions.some(
              (item) => stringAt(item, 'type') === 'Established' && stringAt(item, 'status') === 'True',
            )
          )
            return false;
          return (await subject().get(gadgets())).status === 200;
        },
        { what: 'the definition is established', timeoutMs: 30_000 },
      );
    }

    test('is found by discovery', async () => {
      await defined();
      const group = await eventually(
        async () => {
          const { body } = await subject().get('/apis');
          return arrayAt(body, 'groups').find((item) => stringAt(item, 'name') === GROUP);
        },
        { what: 'the group', timeoutMs: 30_000 },
      );
      expect(group).toMatchObject({ preferredVersion: { groupVersion: `${GROUP}/v1`, version: 'v1' } });
      const { body } = await subject().get(`/apis/${GROUP}/v1`);
      const [resource] = arrayAt(body, 'resources');
      expect(resource).toMatchObject({
        name: 'gadgets',
        singularName: 'gadget',
        namespaced: true,
        kind: 'Gadget',
        shortNames: ['gd'],
      });
    });

    test('loses the fields that its schema does not know, and gets the defaults of the rest', async () => {
      await defined();
      const created = await subject().created(
        gadgets(),
        aGadget('pruned', {
          unknown: 1,
          free: { anything: { goes: true } },
          notes: { a: 'b' },
          parts: [{ name: 'engine', other: 1 }],
          empty: null,
        }),
      );
      expect(created['spec']).toEqual({
        size: 3,
        free: { anything: { goes: true } },
        notes: { a: 'b' },
        parts: [{ name: 'engine', state: 'new' }],
        empty: null,
      });
    });

    test('without a status subresource has no path for it', async () => {
      await defined();
      await subject().created(gadgets(), aGadget('plain', { size: 1 }));
      expect((await subject().get(`${gadgets()}/plain/status`)).status).toBe(404);
    });

    test.each([
      ['a number that is too small', { size: 0 }, 'spec.size: FieldValueInvalid'],
      ['a number that is too large', { size: 11 }, 'spec.size: FieldValueInvalid'],
      ['text for a number', { size: 'three' }, 'spec.size: FieldValueInvalid'],
      ['a value that is not listed', { color: 'green' }, 'spec.color: FieldValueNotSupported'],
      ['text that is too short', { code: 'a' }, 'spec.code: FieldValueInvalid'],
      [
        'text that is too long',
        { code: 'abcde' },
        'spec.code: FieldValueInvalid',
        'spec.code: FieldValueTooLong',
      ],
      ['text off the pattern', { code: 'A1' }, 'spec.code: FieldValueInvalid'],
      ['a date that is none', { due: 'tomorrow' }, 'spec.due: FieldValueInvalid'],
      ['neither number nor text', { port: true }, 'spec.port: FieldValueInvalid'],
      ['a number among texts', { notes: { a: 1 } }, 'spec.notes.a: FieldValueInvalid'],
      [
        'too many items',
        { parts: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
        'spec.parts: FieldValueInvalid',
        'spec.parts: FieldValueTooMany',
      ],
      ['a number for the text of an item', { parts: [{ name: 1 }] }, 'spec.parts.name: FieldValueInvalid'],
      ['an item without its name', { parts: [{ state: 'x' }] }, 'spec.parts.name: FieldValueRequired'],
    ])('with %s answers 422', async (_what, spec, cause, newer = cause) => {
      await defined();
      const answer = await subject().post(gadgets(), aGadget('refused', spec));
      expect(answer.status).toBe(422);
      // How the item of a list is named, and the reason for a wrong type, differ between versions of Kubernetes; so
      // does what is too long: 1.33 has reasons of their own for it.
      const causes = causesOf(answer).map((text) =>
        text.replace('FieldValueTypeInvalid', 'FieldValueInvalid').replaceAll(/\[\d+\]/g, ''),
      );
      expect([cause, newer]).toContain(causes.find((one) => one === cause || one === newer));
    });

    test.each([
      ['a date with an offset', { due: '2030-01-02T03:04:05+01:00' }],
      ['a date with fractions', { due: '2030-01-02T03:04:05.678Z' }],
      ['a number for number or text', { port: 80 }],
      ['a text for number or text', { port: 'http' }],
    ])('with %s is taken', async (what, spec) => {
      await defined();
      const name = what.replaceAll(' ', '-');
      expect((await subject().post(gadgets(), aGadget(name, spec))).status).toBe(201);
    });

    test('prints the columns of its definition, also by a condition in the path', async () => {
      await defined();
      await subject().created(
        gadgets(),
        aGadget('shown', { size: 4, parts: [{ name: 'engine', state: 'on' }] }),
      );
      const { body } = await subject().get(`${gadgets()}/shown`, TABLE);
      expect(
        arrayAt(body, 'columnDefinitions').map((column) => [
          stringAt(column, 'name'),
          numberAt(column, 'priority'),
        ]),
      ).toEqual([
        ['Name', 0],
        ['Size', 0],
        ['Ready', 1],
      ]);
      expect(arrayAt(body, 'rows').map((row) => arrayAt(row, 'cells'))).toEqual([['shown', 4, 'on']]);
    });

    test('a definition without a schema answers 422', async () => {
      const crd = gadgetCrd();
      const answer = await subject().post(CRDS, {
        ...crd,
        metadata: { name: `widgets.${GROUP}` },
        spec: {
          ...objectAt(crd, 'spec'),
          names: { kind: 'Widget', plural: 'widgets' },
          versions: [{ name: 'v1', served: true, storage: true }],
        },
      });
      expect(answer.status).toBe(422);
      expect(causesOf(answer)).toContain('spec.versions[0].schema.openAPIV3Schema: FieldValueRequired');
    });

    test('is gone with its definition', async () => {
      await defined();
      await subject().post(gadgets(), aGadget('last', { size: 1 }));
      expect((await subject().remove(`${CRDS}/gadgets.${GROUP}`)).status).toBe(200);
      await eventually(async () => (await subject().get(gadgets())).status === 404, {
        what: 'the resource is no longer served',
        timeoutMs: 30_000,
      });
      const { body } = await subject().get(CRDS);
      expect(arrayAt(body, 'items').map(nameOf)).not.toContain(`gadgets.${GROUP}`);
    });
  });
}
