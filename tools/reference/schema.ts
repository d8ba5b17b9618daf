import { z } from 'zod';

const Plain = z.union([z.string(), z.number(), z.boolean(), z.null()]);
type Plain = z.infer<typeof Plain>;

/** As much of JSON Schema as our own schemas use. */
export interface Schema {
  readonly $ref?: string | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly enum?: readonly Plain[] | undefined;
  readonly const?: Plain | undefined;
  readonly default?: unknown;
  readonly format?: string | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly items?: Schema | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly additionalProperties?: Schema | boolean | undefined;
  readonly required?: readonly string[] | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly allOf?: readonly Schema[] | undefined;
}

export const Schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    description: z.string().optional(),
    enum: z.array(Plain).optional(),
    const: Plain.optional(),
    default: z.unknown().optional(),
    format: z.string().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    maxLength: z.number().optional(),
    maxItems: z.number().optional(),
    items: Schema.optional(),
    properties: z.record(z.string(), Schema).optional(),
    additionalProperties: z.union([z.boolean(), Schema]).optional(),
    required: z.array(z.string()).optional(),
    anyOf: z.array(Schema).optional(),
    allOf: z.array(Schema).optional(),
  }),
);

export interface Field {
  /** With dots between levels, and `[]` after a list, `.*` for a map's values. */
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly meaning: string;
}

/** How a schema is shown on one page. */
export interface Shown {
  /** The text for a type that has a name. */
  readonly link: (name: string) => string;
  /** Where the fields of an object stand, if not below it on this page. */
  readonly elsewhere?: Readonly<Record<string, string>>;
}

/** All fields of an object, those of inner objects too, in order. */
export function fieldsOf(schema: Schema, shown: Shown, prefix = ''): readonly Field[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const inner = innerOf(field);
    const elsewhere = inner === undefined ? undefined : shown.elsewhere?.[path];
    const own = {
      path,
      type: typeOf(field, shown.link),
      isRequired: required.has(name),
      meaning: elsewhere ?? meaningOf(field),
    };
    return [
      own,
      ...(inner === undefined || elsewhere !== undefined
        ? []
        : fieldsOf(inner.schema, shown, `${path}${inner.suffix}.`)),
    ];
  });
}

function innerOf(field: Schema): { readonly schema: Schema; readonly suffix: string } | undefined {
  const own = withoutNull(field);
  if (own.properties !== undefined) return { schema: own, suffix: '' };
  if (own.items?.properties !== undefined) return { schema: own.items, suffix: '[]' };
  return undefined;
}

/** What it is where null is only another word for absent. */
function withoutNull(field: Schema): Schema {
  const rest = field.anyOf?.filter(({ type }) => type !== 'null');
  const [only] = rest ?? [];
  return rest?.length === 1 && only !== undefined ? { ...field, ...only, anyOf: undefined } : field;
}

/** The type in a few words. */
export function typeOf(field: Schema, link: (name: string) => string): string {
  const own = withoutNull(field);
  const isNullable = own !== field;
  return isNullable ? `${plainTypeOf(own, link)} or null` : plainTypeOf(own, link);
}

function plainTypeOf(field: Schema, link: (name: string) => string): string {
  if (field.$ref !== undefined) return link(field.$ref.split('/').at(-1) ?? '');
  if (field.anyOf !== undefined) return field.anyOf.map((one) => plainTypeOf(one, link)).join(' or ');
  if (field.enum !== undefined)
    return `one of ${field.enum.map((value) => `\`${String(value)}\``).join(', ')}`;
  if (field.const !== undefined) return `\`${String(field.const)}\``;
  if (field.items !== undefined) return `list of ${plainTypeOf(field.items, link)}`;
  if (typeof field.additionalProperties === 'object')
    return `map to ${plainTypeOf(field.additionalProperties, link)}`;
  if (field.format === 'date-time') return 'time';
  return typeof field.type === 'string' ? field.type : (field.type?.join(' or ') ?? 'any');
}

function meaningOf(field: Schema): string {
  const { description = '', default: fallback, ...rest } = withoutNull(field);
  const bounds = boundsOf(rest);
  const plain = Plain.safeParse(fallback);
  const shown = plain.success ? `default \`${String(plain.data)}\`` : '';
  const extra = [shown, bounds].filter((text) => text !== '').join('; ');
  const text = description.replaceAll(/<[a-z]+>(?::<[a-z]+>)*/g, '`$&`').replace(/\.$/, '');
  return extra === '' ? text : `${text}${text === '' ? '' : '; '}${extra}`;
}

function boundsOf({ minimum, maximum, maxLength, maxItems }: Schema): string {
  const isLimit = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return [
    minimum !== undefined && minimum > 0 ? `at least ${minimum}` : '',
    isLimit ? `at most ${maximum}` : '',
    maxLength === undefined ? '' : `at most ${maxLength} characters`,
    maxItems === undefined ? '' : `at most ${maxItems}`,
  ]
    .filter((text) => text !== '')
    .join(', ');
}
