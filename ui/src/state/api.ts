/** What the server refused, or that it could not be reached (status 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** One of the server's codes, such as `HW_CONFLICT`; empty where it gave none. */
  readonly code: string;
  /** The phase that a request is in meanwhile, where that is why. */
  readonly phase: string | undefined;

  constructor(
    message: string,
    {
      status,
      code = '',
      phase,
      cause,
    }: { status: number; code?: string; phase?: string | undefined; cause?: unknown },
  ) {
    super(message, { cause });
    this.status = status;
    this.code = code;
    this.phase = phase;
  }
}

export interface Api {
  /** @throws ApiError */
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  /** Sends `body` as JSON and answers what came back. @throws ApiError */
  send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T>;
}

export interface ApiOptions {
  readonly fetch: typeof fetch;
  /** Proves that a mutation comes from this page; undefined where nobody is signed in. */
  readonly csrfToken: () => string | undefined;
  /** Told when the server no longer knows who asks. */
  readonly onSignedOut: () => void;
}

/** The one way from the page to the server. */
export function createApi({ fetch, csrfToken, onSignedOut }: ApiOptions): Api {
  const call = async <T>(path: string, init: RequestInit): Promise<T> => {
    const response = await reach(() => fetch(path, { ...init, credentials: 'same-origin' }));
    const body = await readJson(response);
    // The server's own schemas type what it answers (src/http/dashboard-shapes.ts).
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    if (response.ok) return body as T;
    if (response.status === 401) onSignedOut();
    throw toApiError(response.status, body);
  };
  return {
    get: (path, signal) => call(path, signal === undefined ? {} : { signal }),
    send: (method, path, body) => {
      const token = csrfToken();
      const headers: Record<string, string> = { 'content-type': 'application/json' };
      if (token !== undefined) headers['x-csrf-token'] = token;
      return call(path, { method, headers, body: JSON.stringify(body ?? {}) });
    },
  };
}

async function reach(run: () => Promise<Response>): Promise<Response> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError('Headwind cannot be reached.', { status: 0, cause });
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new ApiError('Headwind answered something that is not JSON.', { status: response.status, cause });
  }
}

/** Reads problem+json (RFC 9457) as Headwind writes it. */
function toApiError(status: number, body: unknown): ApiError {
  const problem: Record<string, unknown> = typeof body === 'object' && body !== null ? { ...body } : {};
  const text = (key: string): string | undefined =>
    typeof problem[key] === 'string' ? problem[key] : undefined;
  const message = text('detail') ?? text('error') ?? `Headwind answered with status ${status}.`;
  return new ApiError(message, { status, code: text('code') ?? '', phase: text('current_phase') });
}
