import { z } from 'zod';

/** What the API server says about a refusal beside reason and message (meta/v1 StatusDetails). */
export const StatusDetails = z.looseObject({
  name: z.string().optional().catch(undefined),
  kind: z.string().optional().catch(undefined),
  retryAfterSeconds: z.number().optional().catch(undefined),
});
export type StatusDetails = z.infer<typeof StatusDetails>;

/** meta/v1 Status: the body of every refusal, and of an ERROR event on a watch. */
export const Status = z.object({
  code: z.number().optional().catch(undefined),
  reason: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  details: StatusDetails.optional().catch(undefined),
});
export type Status = z.infer<typeof Status>;

/** The API server answered and refused: an HTTP status of 400 or above, or an ERROR event on a watch. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  /** The HTTP status code. */
  readonly status: number;
  /** The machine-readable reason, such as `NotFound`, `Conflict`, `Expired`; empty when none was given. */
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** How long the server asks to be left alone, in milliseconds (429 of priority and fairness, 503). */
  readonly retryAfterMs: number | undefined;

  constructor(options: {
    readonly message: string;
    readonly status: number;
    readonly reason?: string | undefined;
    readonly details?: StatusDetails | undefined;
    readonly retryAfterMs?: number | undefined;
  }) {
    super(options.message);
    this.status = options.status;
    this.reason = options.reason ?? '';
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** No usable answer: the connection failed, was cut, timed out, or carried something that is not the API. */
export class KubernetesUnreachableError extends Error {
  override readonly name = 'KubernetesUnreachableError';
}

/**
 * Whether the API server says that this very object does not exist. A 404 that names no object says that the path is not
 * served: its CRD is not there, or not there yet.
 */
export function isAbsent(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 404 && (error.details?.name ?? '') !== '';
}

/**
 * Whether the API server refuses us for want of a right. That is never final: while it starts it has not read its roles
 * and refuses everybody, in the same words; later a person may grant the right. A 403 in other words is about the object:
 * an admission webhook, a quota, a namespace that is going.
 */
export function lacksRight(error: unknown): boolean {
  if (!(error instanceof KubernetesError)) return false;
  return error.status === 401 || (error.status === 403 && /: User ".*" cannot [a-z]+ /.test(error.message));
}

/** Whether Kubernetes as such is not there for us now, and not only the object that was asked for. */
export function isOutage(error: unknown): boolean {
  if (error instanceof KubernetesUnreachableError) return true;
  if (lacksRight(error)) return true;
  // A 404 gets here only where it names no object: the API server does not serve the path (yet).
  return error instanceof KubernetesError && ([404, 429].includes(error.status) || error.status >= 500);
}

/**
 * Turns a refusal into an error. `what` names the call, `retryAfter` is the header of that name: seconds, as the
 * API server writes them; the date form of RFC 9110 is not used by it and is ignored.
 */
export function toKubernetesError(options: {
  readonly what: string;
  readonly httpStatus: number;
  readonly body: unknown;
  readonly retryAfter?: string | undefined;
}): KubernetesError {
  const parsed = Status.safeParse(options.body);
  const status: Status = parsed.success ? parsed.data : {};
  const seconds = /^\d{1,6}$/.test(options.retryAfter ?? '')
    ? Number(options.retryAfter)
    : status.details?.retryAfterSeconds;
  const said = status.message ?? status.reason ?? 'no reason given';
  return new KubernetesError({
    message: `${options.what} was refused with ${options.httpStatus}: ${said.slice(0, 2000)}`,
    status: options.httpStatus,
    reason: status.reason,
    details: status.details,
    retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
  });
}
