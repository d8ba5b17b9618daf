import { Hono, type Context } from 'hono';
import { redactText } from '../core/redact.ts';
import type { Caller, Identity } from './auth.ts';
import type { Log, LabelledCounter } from './dependencies.ts';
import { traced } from './request-span.ts';
import { problem, PROBLEM_CONTENT_TYPE, PROBLEMS, toLabel, toProblemBody, type Problem } from './problem.ts';

/** What a handler finds in its context: the socket, where there is one, and who asks, where that was asked. */
export interface EdgeEnv {
  Bindings: {
    incoming?: {
      readonly socket: { readonly remoteAddress?: string | undefined };
      readonly rawHeaders?: readonly string[];
    };
  };
  /** `refused` instead of `identity`: nobody is known, and the route is one that keeps a record of it. */
  Variables: { problem?: Problem; identity: Identity; refused?: Problem };
}

export type EdgeContext = Context<EdgeEnv>;
export type EdgeApp = Hono<EdgeEnv>;

export interface EdgeOptions {
  /** Names the server in metrics and logs: `webhook`, `api`, `ui`, `metrics`. */
  readonly server: string;
  readonly log: Log;
  readonly metrics: { readonly httpRejectedTotal: LabelledCounter<'server' | 'reason'> };
  /** Replaces the policy for answers that are not pages. */
  readonly contentSecurityPolicy?: string;
  /** More headers for every answer, or others in place of the usual ones; names in small letters. */
  readonly headers?: Readonly<Record<string, string>>;
}

const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** An app with what all servers have in common: headers, one shape for errors, and a count of them. */
export function createEdge(options: EdgeOptions): EdgeApp {
  const { server, log, metrics } = options;
  const securityHeaders = Object.entries({
    'content-security-policy': options.contentSecurityPolicy ?? NOTHING,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
    ...options.headers,
  });
  const app = new Hono<EdgeEnv>();
  app.use(traced);
  app.use(async (c, next) => {
    for (const [name, value] of securityHeaders) c.header(name, value);
    await next();
    const refused = c.get('problem');
    if (refused !== undefined) metrics.httpRejectedTotal.inc({ server, reason: toLabel(refused.code) });
  });
  app.notFound((c) => refuse(c, problem('HW_NOT_FOUND', `There is no route ${shorten(c.req.path)}.`)));
  app.onError((error, c) => {
    log.error({ error, server, method: c.req.method, path: shorten(c.req.path) }, 'request failed');
    return refuse(c, problem('HW_INTERNAL', 'Something went wrong inside; the log of Headwind says what.'));
  });
  return app;
}

/** The answer for a problem. */
export function refuse(c: EdgeContext, refused: Problem): Response {
  c.set('problem', refused);
  const body = JSON.stringify(toProblemBody(refused, shorten(c.req.path)));
  const { status } = PROBLEMS[refused.code];
  return c.body(body, status, { 'content-type': PROBLEM_CONTENT_TYPE, ...refused.headers });
}

/**
 * Called after the last route: every path answers OPTIONS with what it allows, and methods that it lacks with 405.
 * HEAD is served by GET.
 */
export function sealRoutes(app: EdgeApp): EdgeApp {
  const methods = new Map<string, Set<string>>();
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue;
    const known = methods.get(path) ?? new Set<string>();
    known.add(method);
    if (method === 'GET') known.add('HEAD');
    methods.set(path, known);
  }
  for (const [path, known] of methods) {
    const allow = [...known, 'OPTIONS'].join(', ');
    app.all(path, (c) => {
      c.header('allow', allow);
      if (c.req.method === 'OPTIONS') return c.body(null, 204);
      return refuse(c, problem('HW_METHOD_NOT_ALLOWED', `${shorten(c.req.path)} allows ${allow}.`));
    });
  }
  return app;
}

/** What can be told of whom a request comes from. */
export function callerOf(c: EdgeContext): Caller {
  const env: EdgeEnv['Bindings'] | undefined = c.env;
  const incoming = env?.incoming;
  return {
    headers: c.req.raw.headers,
    rawHeaders: incoming?.rawHeaders,
    remoteAddress: incoming?.socket.remoteAddress,
  };
}

const MAX_ECHOED = 200;

/** The path as it may be echoed and logged: the end of a webhook's path may be a secret. */
function shorten(path: string): string {
  const clean = redactText(path);
  return clean.length > MAX_ECHOED ? `${clean.slice(0, MAX_ECHOED)}…` : clean;
}
