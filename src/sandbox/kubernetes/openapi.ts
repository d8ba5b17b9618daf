import type { JsonObject } from './json.ts';
import { VERSION } from './discovery.ts';

/**
 * The OpenAPI document at `/openapi/v2`. kubectl reads it before it creates or applies something, to check fields;
 * kinds that it does not find there it leaves to the server, so that an empty document is enough.
 */
export function openApiJson(): JsonObject {
  return {
    swagger: '2.0',
    info: { title: 'Headwind demo', version: VERSION.gitVersion },
    paths: {},
    definitions: {},
  };
}

const SWAGGER = 1;
const INFO = 2;
const INFO_TITLE = 1;
const INFO_VERSION = 2;

/** The same as a protobuf message (https://github.com/google/gnostic/blob/main/openapiv2/OpenAPIv2.proto). */
export function openApiProtobuf(): Buffer {
  const info = Buffer.concat([
    field(INFO_TITLE, Buffer.from('Headwind demo')),
    field(INFO_VERSION, Buffer.from(VERSION.gitVersion)),
  ]);
  return Buffer.concat([field(SWAGGER, Buffer.from('2.0')), field(INFO, info)]);
}

/** One length-delimited field; numbers below 16 and contents below 128 bytes need one byte each. */
function field(number: number, content: Buffer): Buffer {
  const lengthDelimited = 2;
  return Buffer.concat([Buffer.from([number * 8 + lengthDelimited, content.length]), content]);
}
