import type { AuditEntry } from '../src/http/access.ts';
import type { ActionOutcome } from '../src/http/approval-actions.ts';
import { createApprovalApp, type Approvals, type ApprovalDependencies } from '../src/http/approval-api.ts';
import { anonymousAuthenticator, type Authenticator, type Authorizer } from '../src/http/auth.ts';
import type { PauseOutcome, Pauses } from '../src/http/pause-api.ts';
import type { Holds, PlacedHold, ReleaseOutcome } from '../src/http/holds-api.ts';
import type { History, Missing, RollbackOutcome, Rollbacks } from '../src/http/rollback-api.ts';
import type { Notifications } from '../src/http/notifications-api.ts';
import { createRecentWebhooks } from '../src/http/recent-webhooks.ts';
import type { EdgeApp } from '../src/http/edge.ts';
import type { UpdateRequest } from '../src/core/update-request.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { createRecordingLog } from '../src/telemetry/recording-log.ts';
import { aRequest } from './builders.ts';

/** The approval API over a pipeline that does as it is told, and keeps what it was asked. */

export interface Call {
  readonly method: keyof Approvals | keyof Rollbacks | 'holds' | 'release' | 'pause';
  readonly argument: unknown;
}

/** Stands for a Kubernetes API that cannot be reached. */
export class ApiAwayError extends Error {}

export interface ApiUnderTest {
  readonly app: EdgeApp;
  /** What it is made of, for a server of another kind over the same pipeline. */
  readonly dependencies: ApprovalDependencies;
  readonly calls: readonly Call[];
  readonly audited: readonly AuditEntry[];
  /** POSTs JSON, or text as it is. */
  readonly post: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>;
}

/** `outcome` is what approving and rejecting come to; an error is thrown. */
export function anApi(
  options: {
    requests?: readonly UpdateRequest[];
    continue?: string;
    outcome?: ActionOutcome | Error;
    listError?: Error;
    /** What there is to go back to; an error is thrown. */
    history?: History | Missing | Error;
    /** What a rollback comes to; an error is thrown. */
    rollback?: RollbackOutcome | Error;
    holds?: readonly PlacedHold[];
    release?: ReleaseOutcome | Error;
    /** What pausing and resuming come to; an error is thrown. */
    pause?: PauseOutcome | Error;
    notifications?: Notifications;
    authenticator?: Authenticator;
    authorizer?: Authorizer;
    namespaces?: readonly string[];
  } = {},
): ApiUnderTest {
  const calls: Call[] = [];
  const audited: AuditEntry[] = [];
  const requests = options.requests ?? [aRequest()];
  const act = (method: 'approve' | 'reject') => (argument: unknown) => {
    calls.push({ method, argument });
    const outcome = options.outcome ?? {
      kind: 'done',
      request: aRequest({ status: { phase: 'Completed' } }),
    };
    return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
  };
  const told = <T>(method: Call['method'], argument: unknown, answer: T | Error): Promise<T> => {
    calls.push({ method, argument });
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const missing: Missing = { kind: 'no-workload' };
  const rollbacks: Rollbacks = {
    history: (argument) => told('history', argument, options.history ?? missing),
    rollBack: (argument) => told('rollBack', argument, options.rollback ?? missing),
  };
  const holds: Holds = {
    list: (argument) => {
      calls.push({ method: 'holds', argument });
      return options.holds ?? [];
    },
    release: (argument) => told('release', argument, options.release ?? { kind: 'not-found' }),
  };
  const pauses: Pauses = {
    set: (argument) => told('pause', argument, options.pause ?? { kind: 'changed' }),
  };
  const dependencies: ApprovalDependencies = {
    rollbacks,
    holds,
    pauses,
    notifications: options.notifications ?? {
      targets: () => [],
      deadLetters: () => [],
      test: () => Promise.resolve(undefined),
    },
    approvals: {
      list: (argument) => {
        calls.push({ method: 'list', argument });
        if (options.listError !== undefined) return Promise.reject(options.listError);
        return Promise.resolve({ items: requests, continue: options.continue });
      },
      get: (namespace, name) => {
        calls.push({ method: 'get', argument: { namespace, name } });
        const found = requests.find(
          ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
        );
        return Promise.resolve(found);
      },
      approve: act('approve'),
      reject: act('reject'),
    },
    workloads: {
      list: ({ namespace }) => [
        {
          kind: 'Deployment',
          apiVersion: 'apps/v1',
          namespace: namespace ?? 'shop',
          name: 'web',
          policy: 'minor',
          paused: false,
          artifacts: [],
        },
      ],
    },
    recentWebhooks: createRecentWebhooks(),
    authenticator: options.authenticator ?? anonymousAuthenticator,
    authorizer: options.authorizer,
    namespaces: () => options.namespaces ?? [],
    audit: { record: (entry) => audited.push(entry) },
    health: {
      live: () => ({ ok: true, checks: [] }),
      ready: () => ({ ok: false, checks: [{ name: 'caches', ok: false, message: 'not synced' }] }),
    },
    metrics: createMetrics(),
    log: createRecordingLog().target('headwind::api'),
    version: '0.0.0-test',
    explain: (error) =>
      error instanceof ApiAwayError ? 'unavailable' : error instanceof RangeError ? 'expired' : undefined,
  };
  const app = createApprovalApp(dependencies);
  const post = async (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method: 'POST',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return { app, dependencies, calls, audited, post };
}
