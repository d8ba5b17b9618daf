import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { load, loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { chartValues } from '../../tools/chart-values.ts';
import { shippedFiles } from '../../tools/shipped-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): Promise<string> => readFile(`${ROOT}${path}`, 'utf8');

describe('what is made of deploy/k8s', () => {
  it('is as deploy/k8s says now (make format writes it anew)', async () => {
    const made = await shippedFiles(ROOT);
    const stale: string[] = [];
    for (const [path, content] of made) if ((await read(path)) !== content) stale.push(path);

    expect(stale).toEqual([]);
    expect(made.size).toBe(3);
  });

  it('is one file with every object that kustomization.yaml names, in that order', async () => {
    const { resources } = z
      .object({ resources: z.array(z.string()) })
      .parse(load(await read('deploy/k8s/kustomization.yaml')));
    const each = await Promise.all(resources.map(async (file) => loadAll(await read(`deploy/k8s/${file}`))));

    expect(loadAll(await read('deploy/install.yaml'))).toEqual(each.flat());
  });
});

describe('the chart', () => {
  it('has the version of the program', async () => {
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(await read('package.json')));

    expect(load(await read('charts/headwind/Chart.yaml'))).toMatchObject({ version, appVersion: version });
  });

  it('explains each of its values', async () => {
    const values = chartValues(await read('charts/headwind/values.yaml'));

    expect(values.filter(({ comment }) => comment === undefined).map(({ path }) => path)).toEqual([]);
  });

  it('has a schema of exactly the values that there are, as deep as it names them', async () => {
    const schema = Schema.parse(JSON.parse(await read('charts/headwind/values.schema.json')));

    expect(schema.additionalProperties).toBe(false);
    expect(differences(load(await read('charts/headwind/values.yaml')), schema)).toEqual([]);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly additionalProperties?: unknown;
}
const Schema: z.ZodType<Schema> = z.looseObject({
  get properties() {
    return z.record(z.string(), Schema).optional();
  },
  additionalProperties: z.unknown().optional(),
});

/** Those that Helm itself hands to a chart. */
const FROM_HELM = new Set(['global', 'enabled']);

/** The paths that only one of the two has, where the schema closes an object. */
function differences(values: unknown, schema: Schema, at = ''): readonly string[] {
  const known = schema.properties;
  if (known === undefined || typeof values !== 'object' || values === null) return [];
  const names = new Set([...Object.keys(known), ...Object.keys(values)]);
  return [...names].flatMap((name) => {
    const path = at === '' ? name : `${at}.${name}`;
    const below = known[name];
    const there = name in values;
    if (below !== undefined && there) return differences(Reflect.get(values, name), below, path);
    return at === '' && FROM_HELM.has(name) ? [] : [path];
  });
}
