/**
 * The one catalogue of errors at the HTTP edge. A code never changes its meaning; scripts may rely on it.
 */
export const PROBLEMS = {
  HW_BAD_REQUEST: { status: 400, title: 'The request is not HTTP that can be read' },
  HW_BAD_JSON: { status: 400, title: 'The body is not JSON' },
  HW_BODY_TOO_DEEP: { status: 400, title: 'The body is nested too deeply' },
  HW_BODY_INCOMPLETE: { status: 400, title: 'The body ended early' },
  HW_CONTAINER_AMBIGUOUS: { status: 400, title: 'The workload has several containers' },
  HW_BAD_QUERY: { status: 400, title: 'A query parameter has a value that it cannot have' },
  HW_UNKNOWN_CHANNEL: { status: 400, title: 'There is no such notification channel' },
  HW_TARGET_NOT_CONFIGURED: { status: 400, title: 'There is no such notification target' },
  HW_UNAUTHENTICATED: { status: 401, title: 'Nobody is signed in' },
  HW_NOT_PROVEN: { status: 401, title: 'The request does not prove who sent it' },
  HW_FORBIDDEN: { status: 403, title: 'Who is signed in lacks the right' },
  HW_CSRF: { status: 403, title: 'The page does not prove that it is ours' },
  HW_CROSS_SITE: { status: 403, title: 'A page of another site may not act here' },
  HW_NOT_FOUND: { status: 404, title: 'There is no such route' },
  HW_REQUEST_NOT_FOUND: { status: 404, title: 'There is no such UpdateRequest' },
  HW_WORKLOAD_NOT_FOUND: { status: 404, title: 'There is no such workload' },
  HW_CONTAINER_NOT_FOUND: { status: 404, title: 'The workload has no such container' },
  HW_METRIC_NOT_FOUND: { status: 404, title: 'There is no such metric' },
  HW_HISTORY_NOT_FOUND: { status: 404, title: 'The history has no such entry' },
  HW_METHOD_NOT_ALLOWED: { status: 405, title: 'The route does not have this method' },
  HW_REQUEST_TIMEOUT: { status: 408, title: 'The request took too long to arrive' },
  HW_CONFLICT: { status: 409, title: 'The UpdateRequest is not in a state that allows this' },
  HW_WORKLOAD_BUSY: { status: 409, title: 'The workload keeps changing' },
  HW_PATCH_REFUSED: { status: 409, title: 'Kubernetes refuses the change' },
  HW_KIND_AMBIGUOUS: { status: 409, title: 'Workloads of several kinds have this name' },
  HW_ROLLBACK_IMPOSSIBLE: { status: 409, title: 'There is nothing to roll back' },
  HW_NOT_A_HOLD: { status: 409, title: 'The UpdateRequest holds nothing back' },
  HW_SETTING_FIXED: { status: 409, title: 'The setting cannot be changed here' },
  HW_CONTINUE_EXPIRED: { status: 410, title: 'The continue token is too old' },
  HW_BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  HW_UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The body is not sent as the type that is expected' },
  HW_UNEXPECTED_SHAPE: { status: 422, title: 'The body does not have the expected shape' },
  HW_BUSY: { status: 429, title: 'Too much is in work at once' },
  HW_TOO_MANY_ATTEMPTS: { status: 429, title: 'Too many sign-ins have failed' },
  HW_RATE_LIMITED: { status: 429, title: 'The sender tells of too many pushes' },
  HW_HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large' },
  HW_ROLLBACK_FAILED: { status: 500, title: 'The rollback could not be carried out' },
  HW_NOTIFICATION_FAILED: { status: 500, title: 'The notification could not be sent' },
  HW_SETTINGS_NOT_WRITTEN: { status: 500, title: 'The settings could not be written' },
  HW_INTERNAL: { status: 500, title: 'Something went wrong inside' },
  HW_NOT_DURABLE: { status: 503, title: 'The event could not be recorded' },
  HW_KEYS_UNAVAILABLE: { status: 503, title: 'It cannot be told just now who sent the webhook' },
  HW_UNAVAILABLE: { status: 503, title: 'The Kubernetes API cannot be reached' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** An error for a client, before it is an answer. */
export interface Problem {
  readonly code: ProblemCode;
  /** One sentence for a person: what is wrong here, and what was expected. */
  readonly detail: string;
  /** Members of the answer beyond the common ones, such as `current_phase`. */
  readonly members?: Readonly<Record<string, string | number | readonly string[]>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer's body, by RFC 9457; `error` repeats `detail` for clients of the older shape. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly error: string;
  readonly code: ProblemCode;
  readonly instance?: string | undefined;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** A problem with this code. */
export function problem(code: ProblemCode, detail: string): Problem {
  return { code, detail };
}

/** The same problem, saying after how many seconds to try again. */
export function retryAfter(seconds: number, { headers, ...rest }: Problem): Problem {
  return { ...rest, headers: { ...headers, 'retry-after': String(seconds) } };
}

/** The problem's name as a metric label: `HW_BAD_JSON` is `bad-json`. */
export function toLabel(code: ProblemCode): string {
  return code.slice('HW_'.length).toLowerCase().replaceAll('_', '-');
}

/** The body that a problem is answered with; `instance` is the path that was asked. */
export function toProblemBody({ code, detail, members }: Problem, instance?: string): ProblemBody {
  const { status, title } = PROBLEMS[code];
  const type = `urn:headwind:problem:${code}`;
  return { ...members, type, title, status, detail, error: detail, code, ...(instance && { instance }) };
}
