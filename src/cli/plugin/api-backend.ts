import { z } from 'zod';
import { UpdateRequest } from '../../core/update-request.ts';
import { FailedError } from '../exit.ts';
import { createApiRollbacks } from './api-rollbacks.ts';
import { createApiWorkloads } from './api-workloads.ts';
import type { Backend, RequestName } from './backend.ts';

const PAGE_SIZE = 500;
const MAX_PAGES = 200;
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Approving waits up to 10 s for the applier before it answers. */
const TIMEOUT_MS = 30_000;

const Problem = z.object({ detail: z.string().optional(), error: z.string().optional() });
const Requests = z.array(UpdateRequest);

type Method = 'GET' | 'POST' | 'DELETE';

interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** The token for the next page. */
  readonly next: string | undefined;
}

export interface ApiBackendOptions {
  /** Shown to the API, which wants one in mode `token`. */
  readonly token?: string | undefined;
  readonly send?: typeof fetch;
}

/** Acts through Headwind's approval API at `apiUrl`, which has no slash at its end. */
export function createApiBackend(apiUrl: string, { token, send = fetch }: ApiBackendOptions = {}): Backend {
  const call = async (method: Method, path: string, body?: object): Promise<Answer> => {
    try {
      const response = await send(`${apiUrl}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'error',
      });
      const next = response.headers.get('x-headwind-continue') ?? undefined;
      return { status: response.status, body: parse(await readBody(response)), next };
    } catch (error) {
      const why =
        error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      const hint = 'kubectl port-forward -n headwind-system service/headwind-api 8081';
      throw new FailedError(
        `the approval API at ${apiUrl} cannot be reached: ${why}\nIf it is in a cluster: ${hint}`,
        { cause: error },
      );
    }
  };

  const ask = async <T extends z.ZodType>(
    method: Method,
    path: string,
    shape: T,
    body?: object,
  ): Promise<z.output<T>> => {
    const { status, body: answer } = await call(method, path, body);
    if (status !== 200 && status !== 202) throw refused(status, answer);
    return read(shape, answer);
  };

  const act = (action: 'approve' | 'reject', target: RequestName, body: object): Promise<UpdateRequest> =>
    ask('POST', `${pathOf(target)}/${action}`, UpdateRequest, body);

  const get = async (target: RequestName): Promise<UpdateRequest | undefined> => {
    const { status, body } = await call('GET', pathOf(target));
    if (status === 404) return undefined;
    if (status !== 200) throw refused(status, body);
    return read(UpdateRequest, body);
  };

  return {
    list: async (namespace) => {
      const found: UpdateRequest[] = [];
      let next: string | undefined;
      for (let pages = 0; pages < MAX_PAGES; pages += 1) {
        const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
        if (namespace !== undefined) query.set('namespace', namespace);
        if (next !== undefined) query.set('continue', next);
        const answer = await call('GET', `/api/v1/updates?${query.toString()}`);
        if (answer.status !== 200) throw refused(answer.status, answer.body);
        found.push(...read(Requests, answer.body));
        next = answer.next;
        if (next === undefined) return found;
      }
      throw new FailedError(`there are more than ${MAX_PAGES * PAGE_SIZE} update requests; name a namespace`);
    },
    get,
    approve: (target, by) => act('approve', target, { approver: by }),
    reject: (target, by, reason) => act('reject', target, { approver: by, reason }),
    ...createApiRollbacks({ ask, get }),
    ...createApiWorkloads({ ask }),
    close: () => {},
  };
}

function pathOf({ namespace, name }: RequestName): string {
  return `/api/v1/updates/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}

async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw new Error(`the answer has more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function read<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new FailedError('the answer is not that of a Headwind approval API', { cause: parsed.error });
}

function refused(status: number, body: unknown): FailedError {
  const problem = Problem.safeParse(body);
  const detail = problem.success ? (problem.data.detail ?? problem.data.error) : undefined;
  return new FailedError(detail ?? `the approval API answered with status ${status}`);
}
