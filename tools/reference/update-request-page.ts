import { z } from 'zod';
import { updateRequestCrd } from '../../src/core/update-request-crd.ts';
import { code, fenced, generatedFrom, page, table } from './markdown.ts';
import { fieldsOf, Schema } from './schema.ts';

const Crd = z.object({
  spec: z.object({
    group: z.string(),
    names: z.object({ plural: z.string(), shortNames: z.array(z.string()) }),
    versions: z.tuple([
      z.object({
        name: z.string(),
        additionalPrinterColumns: z.array(z.object({ name: z.string(), jsonPath: z.string() })),
        schema: z.object({ openAPIV3Schema: Schema }),
      }),
    ]),
  }),
});

/** docs/reference/updaterequest.md. */
export function updateRequestPage(): string {
  const { group, names, versions } = Crd.parse(updateRequestCrd()).spec;
  const [{ name, additionalPrinterColumns, schema }] = versions;
  const { spec, status } = schema.openAPIV3Schema.properties ?? {};
  return page(
    generatedFrom('src/core/update-request.ts'),
    '# Fields of an UpdateRequest',
    `\`${names.plural}.${group}\`, version \`${name}\`, namespaced, short names ${names.shortNames.map(code).join(' and ')}. What the phases mean, who ` +
      'moves a request from one to the next, and what a hold is: [UpdateRequest](../updaterequest.md). The cluster tells the same:',
    fenced('sh needs-cluster', 'kubectl explain updaterequests.spec\nkubectl explain updaterequests.status'),
    '## Spec',
    fieldTable(spec),
    '## Status',
    'Written by Headwind, and by whoever decides. A request without a status reads `Pending`.',
    fieldTable(status),
    '## Columns of kubectl get',
    table(
      ['Column', 'Shows'],
      additionalPrinterColumns.map((column) => [column.name, code(column.jsonPath)]),
    ),
  );
}

function fieldTable(schema: Schema | undefined): string {
  const rows = schema === undefined ? [] : fieldsOf(schema, { link: (name) => name });
  return table(
    ['Field', 'Type', 'Meaning'],
    rows.map(({ path, type, isRequired, meaning }) => [
      code(path),
      `${type}${isRequired ? ', required' : ''}`,
      meaning,
    ]),
  );
}
