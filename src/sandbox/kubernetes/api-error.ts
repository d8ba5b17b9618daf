import type { JsonObject } from './json.ts';

/** One reason in a Status (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/). */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** Which resource an error speaks of. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

interface ApiErrorOptions {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: JsonObject;
}

/** A failure that the API answers as a Kubernetes `Status`. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject | undefined;

  constructor(options: ApiErrorOptions) {
    super(options.message);
    this.name = 'ApiError';
    this.code = options.code;
    this.reason = options.reason;
    this.details = options.details;
  }

  /** The `Status` object as it goes over the wire. */
  toStatus(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

function qualified(group: string, name: string): string {
  return group === '' ? name : `${name}.${group}`;
}

function detailsOf(type: ResourceName, name: string): JsonObject {
  return { name, ...(type.group === '' ? {} : { group: type.group }), kind: type.plural };
}

/** 404: there is no object `name`. */
export function notFound(type: ResourceName, name: string): ApiError {
  const message = `${qualified(type.group, type.plural)} "${name}" not found`;
  return new ApiError({ code: 404, reason: 'NotFound', message, details: detailsOf(type, name) });
}

/** 404: there is no such path. */
export function noSuchPath(): ApiError {
  const message = 'the server could not find the requested resource';
  return new ApiError({ code: 404, reason: 'NotFound', message, details: {} });
}

/** 409: an object `name` is there already. */
export function alreadyExists(type: ResourceName, name: string): ApiError {
  const message = `${qualified(type.group, type.plural)} "${name}" already exists`;
  return new ApiError({ code: 409, reason: 'AlreadyExists', message, details: detailsOf(type, name) });
}

/** 409: the object is no longer the one that the caller read. */
export function conflict(type: ResourceName, name: string, why?: string): ApiError {
  const because =
    why ?? 'the object has been modified; please apply your changes to the latest version and try again';
  const message = `Operation cannot be fulfilled on ${qualified(type.group, type.plural)} "${name}": ${because}`;
  return new ApiError({ code: 409, reason: 'Conflict', message, details: detailsOf(type, name) });
}

/** 422: the object breaks the rules of its kind; `causes` must not be empty. */
export function invalid(type: ResourceName, name: string, causes: readonly Cause[]): ApiError {
  const list = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const text = list.length === 1 ? (list[0] ?? '') : `[${list.join(', ')}]`;
  return new ApiError({
    code: 422,
    reason: 'Invalid',
    message: `${qualified(type.group, type.kind)} "${name}" is invalid: ${text}`,
    details: { ...detailsOf(type, name), kind: type.kind, causes },
  });
}

/** 403: the operation is not allowed at all. */
export function forbidden(type: ResourceName, name: string, why: string): ApiError {
  const message = `${qualified(type.group, type.plural)} "${name}" is forbidden: ${why}`;
  return new ApiError({ code: 403, reason: 'Forbidden', message, details: detailsOf(type, name) });
}

/** 400: the request cannot be understood. */
export function badRequest(message: string): ApiError {
  return new ApiError({ code: 400, reason: 'BadRequest', message });
}

/** 405: the path does not know the method. */
export function methodNotAllowed(): ApiError {
  const message = 'the server does not allow this method on the requested resource';
  return new ApiError({ code: 405, reason: 'MethodNotAllowed', message, details: {} });
}

/** 406: none of the formats that the client accepts can be written. */
export function notAcceptable(accepted: string): ApiError {
  const message = `only the following media types are accepted: ${accepted}`;
  return new ApiError({ code: 406, reason: 'NotAcceptable', message });
}

/** 410: the history does not reach back to where the client wants to go on. */
export function expired(message: string): ApiError {
  return new ApiError({ code: 410, reason: 'Expired', message });
}

/** 413: the body is larger than the server reads. */
export function tooLarge(limitBytes: number): ApiError {
  const message = `Request entity too large: limit is ${limitBytes}`;
  return new ApiError({ code: 413, reason: 'RequestEntityTooLarge', message });
}

/** 415: the body's media type is none that the server reads. */
export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new ApiError({ code: 415, reason: 'UnsupportedMediaType', message });
}
