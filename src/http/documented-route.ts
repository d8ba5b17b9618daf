import type { z } from 'zod';
import { ProblemShape } from './api-shapes.ts';

/** One answer of a route: what it means, and its body's shape where it is JSON. */
export interface DocumentedAnswer {
  readonly description: string;
  readonly shape?: z.ZodType;
  /** `application/json` unless said otherwise. */
  readonly contentType?: string;
  readonly headers?: readonly string[];
}

export interface DocumentedRoute {
  readonly method: 'get' | 'post' | 'delete';
  /** With `{name}` for a parameter. */
  readonly path: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, { readonly description: string; readonly schema: object }>>;
  readonly body?: z.ZodType;
  /** `application/json` unless said otherwise. */
  readonly bodyType?: string;
  readonly answers: Readonly<Record<number, DocumentedAnswer>>;
}

/** An answer that is a problem. */
export const refused = (description: string): DocumentedAnswer => ({
  description,
  shape: ProblemShape,
  contentType: 'application/problem+json',
});

export const UNAUTHENTICATED = refused('Nobody is signed in, and the auth mode wants somebody');
export const UNAVAILABLE = refused(
  'The Kubernetes API cannot be reached; Retry-After says when to try again',
);
export const NO_REQUEST = refused('There is no such UpdateRequest');
export const NAMESPACE = { description: 'Only in this namespace', schema: { type: 'string' } };
