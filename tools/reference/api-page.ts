import { readApi, type ApiAnswer, type ApiContent, type ApiOperation } from './api-document.ts';
import { ROUTE_EXAMPLES } from './api-examples.ts';
import { code, fenced, generatedFrom, page, table } from './markdown.ts';
import { fieldsOf, typeOf, type Schema } from './schema.ts';

interface Section {
  readonly title: string;
  readonly paths: RegExp;
}

/** In the order of the page; a route stands in the first section whose pattern fits. */
const SECTIONS: readonly Section[] = [
  { title: 'Update requests', paths: /^\/api\/v1\/updates/ },
  { title: 'Workloads', paths: /^\/api\/v1\/workloads/ },
  { title: 'History and rollback', paths: /^\/api\/v1\/rollback/ },
  { title: 'Holds', paths: /^\/api\/v1\/holds/ },
  { title: 'Notifications', paths: /^\/(?:api\/v1\/(?:notifications|settings)|slack)/ },
  { title: 'Who asks', paths: /^\/api\/v1\/session/ },
  { title: 'Webhooks', paths: /^\/api\/v1\/webhooks/ },
  { title: 'Health and this description', paths: /./ },
];

const BASE = 'http://localhost:8081';

/** docs/reference/api.md. */
export function apiPage(): string {
  const { operations, schemas } = readApi();
  return page(
    generatedFrom('the OpenAPI document (src/http/openapi.ts)', 'tools/reference/api-examples.ts'),
    '# API',
    'On port 8081, as JSON; `GET /openapi.json` describes it for machines (OpenAPI 3.1). The dashboard (8082) serves the same routes ' +
      'below `/api/v1` to whoever is signed in there, and further ones for [settings](../configuration.md) and ' +
      '[metrics](../observability.md#api).',
    'The examples reach it by `kubectl -n headwind-system port-forward service/headwind-api 8081` and prove who asks by a token ' +
      '(`TOKEN=$(kubectl create token ann -n shop)`); which rights each route needs stands in [security](../security.md#tokens). In mode ' +
      '`none` the header is not needed. Errors have [one shape](errors.md).',
    table(
      ['Route', 'Does'],
      operations.map((operation) => [
        `[\`${nameOf(operation)}\`](#${anchorOf(operation)})`,
        operation.summary,
      ]),
    ),
    ...SECTIONS.flatMap((section) => [
      `## ${section.title}`,
      ...operations.filter(({ path }) => sectionOf(path) === section).flatMap(operationParts),
    ]),
    '## Shapes',
    'Members may be added; those that there are keep their meaning.',
    ...Object.entries(schemas).flatMap(([name, schema]) => [
      `### ${name}`,
      schema.description ?? '',
      ...shapeOf(name, schemas),
    ]),
  );
}

function sectionOf(path: string): Section | undefined {
  return SECTIONS.find(({ paths }) => paths.test(path));
}

function nameOf({ method, path }: ApiOperation): string {
  return `${method} ${path}`;
}

function anchorOf(operation: ApiOperation): string {
  return nameOf(operation)
    .toLowerCase()
    .replaceAll(/[/{}.]/g, '')
    .replaceAll(' ', '-');
}

function operationParts(operation: ApiOperation): readonly string[] {
  const { summary, parameters, requestBody, responses } = operation;
  const isTold = parameters.some(({ description }) => description !== undefined);
  return [
    `### \`${nameOf(operation)}\``,
    `${summary}.`,
    !isTold
      ? ''
      : table(
          ['Parameter', 'In', 'Type', 'Meaning'],
          parameters.map(({ name, in: place, schema, description = '' }) => [
            code(name),
            place,
            parameterType(schema),
            `${description}${schema.maximum === undefined ? '' : ` (${schema.minimum ?? 0} to ${schema.maximum})`}`,
          ]),
        ),
    requestBody === undefined ? '' : `Body: ${contentOf(requestBody.content)}.`,
    fenced('sh needs-cluster', curlOf(operation)),
    table(
      ['Answer', 'When', 'Body'],
      Object.entries(responses).map(([status, answer]) => [
        status,
        `${answer.description}${headersOf(answer)}`,
        answer.content === undefined ? '' : contentOf(answer.content),
      ]),
    ),
  ];
}

function parameterType(schema: Schema): string {
  return schema.items === undefined
    ? typeOf(schema, link)
    : `${typeOf(schema.items, link)}, several with commas`;
}

function headersOf({ headers = {} }: ApiAnswer): string {
  const names = Object.keys(headers).map(code);
  return names.length === 0 ? '' : `; headers ${names.join(', ')}`;
}

function contentOf(content: ApiContent): string {
  return Object.entries(content)
    .map(([type, { schema }]) => {
      const isObject = schema.properties !== undefined;
      const members = Object.keys(schema.properties ?? {})
        .map(code)
        .join(', ');
      const shape = isObject ? `an object with ${members}` : typeOf(schema, link);
      return type === 'application/json' || type === 'application/problem+json'
        ? shape
        : `${shape}, as \`${type}\``;
    })
    .join(' or ');
}

function link(name: string): string {
  return name === 'Problem' ? '[Problem](errors.md)' : `[${name}](#${name.toLowerCase()})`;
}

/** What is told on the page of UpdateRequests. */
const ELSEWHERE = {
  metadata:
    'as of every object: `name`, `namespace`, `uid`, `resourceVersion`, `creationTimestamp`, `labels`, `annotations`, `ownerReferences`',
  spec: 'what shall change: [its fields](updaterequest.md#spec)',
  status: 'how far it has come: [its fields](updaterequest.md#status)',
};
const ENOUGH_TO_SHARE = 5;

/** The members of a shape; of one that has all of another's, only those that it adds. */
function shapeOf(name: string, schemas: Readonly<Record<string, Schema>>): readonly string[] {
  const { properties = {}, required } = schemas[name] ?? {};
  const base = Object.entries(schemas).find(
    ([other, schema]) => other !== name && extendsShape(properties, schema),
  );
  if (base === undefined) return [schemaTable({ properties, required })];
  const [baseName, { properties: inherited = {} }] = base;
  const added = Object.fromEntries(Object.entries(properties).filter(([member]) => !(member in inherited)));
  return [`Everything of ${link(baseName)}, and:`, schemaTable({ properties: added, required })];
}

function extendsShape(
  properties: Readonly<Record<string, Schema>>,
  { properties: base = {} }: Schema,
): boolean {
  const members = Object.entries(base);
  if (members.length < ENOUGH_TO_SHARE || members.length >= Object.keys(properties).length) return false;
  return members.every(([member, schema]) => JSON.stringify(properties[member]) === JSON.stringify(schema));
}

function schemaTable(schema: Schema): string {
  return table(
    ['Member', 'Type', 'Meaning'],
    fieldsOf(schema, { link, elsewhere: ELSEWHERE }).map(({ path, type, isRequired, meaning }) => [
      code(path),
      `${type}${isRequired ? '' : ', optional'}`,
      meaning,
    ]),
  );
}

/** A call as people make it with curl. What Slack signs cannot be made by hand. */
function curlOf(operation: ApiOperation): string {
  const example = ROUTE_EXAMPLES[nameOf(operation)];
  if (example === undefined) return `# made and signed by Slack alone: ${nameOf(operation)}`;
  const { path, body } = example;
  const isOpen = /^\/(?:openapi\.json|health|livez|readyz)$/.test(path);
  const parts = [
    `curl${operation.method === 'GET' ? '' : ` -X ${operation.method}`} '${BASE}${path}'`,
    ...(isOpen ? [] : [`-H "Authorization: Bearer $TOKEN"`]),
    ...(body === undefined ? [] : [`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(body)}'`]),
  ];
  return parts.join(' \\\n  ');
}
