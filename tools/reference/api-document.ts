import { z } from 'zod';
import { openApiDocument } from '../../src/http/openapi.ts';
import { Schema } from './schema.ts';

const Content = z.record(z.string(), z.object({ schema: Schema }));
const Parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query']),
  description: z.string().optional(),
  schema: Schema,
});
const Answer = z.object({
  description: z.string(),
  headers: z.record(z.string(), z.unknown()).optional(),
  content: Content.optional(),
});
const Operation = z.object({
  summary: z.string(),
  parameters: z.array(Parameter),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), Answer),
});

/** What the reference reads of the OpenAPI document that Headwind serves. */
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), Schema) }),
});

export type ApiAnswer = z.infer<typeof Answer>;
export type ApiContent = z.infer<typeof Content>;

export interface ApiOperation extends z.infer<typeof Operation> {
  /** Such as `GET`. */
  readonly method: string;
  /** With `{name}` for a parameter. */
  readonly path: string;
}

/** The document's operations, and its schemas by name. */
export function readApi(): {
  readonly operations: readonly ApiOperation[];
  readonly schemas: Readonly<Record<string, Schema>>;
} {
  const { paths, components } = Document.parse(openApiDocument('0'));
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  );
  return { operations, schemas: components.schemas };
}
