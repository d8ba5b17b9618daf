import { isJsonObject, objectAt, without, type JsonObject } from '../json.ts';

// As the API server's own generated names: no vowels, so that no words come out.
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

export const TEMPLATE_HASH_LABEL = 'pod-template-hash';
export const REVISION_HASH_LABEL = 'controller-revision-hash';

/** A short name for a pod template that depends on nothing but its content. */
export function templateHash(template: JsonObject): string {
  let hash = 0x81_1c_9d_c5;
  for (const byte of Buffer.from(JSON.stringify(canonical(template))))
    hash = Math.imul(hash ^ byte, 0x01_00_01_93) >>> 0;
  return String(hash).replaceAll(/\d/g, (digit) => ALPHABET.charAt(digit.charCodeAt(0) % ALPHABET.length));
}

/** The template with one more label, as its pods carry it. */
export function withTemplateLabel(template: JsonObject, key: string, value: string): JsonObject {
  const metadata = objectAt(template, 'metadata');
  return {
    ...template,
    metadata: { ...metadata, labels: { ...objectAt(metadata, 'labels'), [key]: value } },
  };
}

/** The template without the label that a controller gave it. */
export function withoutTemplateLabel(template: JsonObject, key: string): JsonObject {
  const metadata = objectAt(template, 'metadata');
  return { ...template, metadata: { ...metadata, labels: without(objectAt(metadata, 'labels'), key) } };
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, canonical(value[key])]),
  );
}
