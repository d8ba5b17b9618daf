import type { Context, Next } from 'hono';
import { routePath } from 'hono/route';
import { redactText } from '../core/redact.ts';
import { inSpan } from '../telemetry/trace.ts';

/** What people and registries ask for; pages, probes and scrapes tell no story. */
const TOLD = /^\/(?:webhook|api)\//;
const MAX_PATH = 200;

/**
 * Makes a span of each request that is worth it, below the `traceparent` that came with it. The name holds the route and not the
 * path; the query is not told, and of a path nothing that is a secret.
 *
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
 */
export async function traced(c: Context, next: Next): Promise<void> {
  const { path, method } = c.req;
  if (!TOLD.test(path)) return next();
  const parent = { traceparent: c.req.header('traceparent') };
  return inSpan({ name: method, kind: 'server', parent }, async (span) => {
    await next();
    if (!span.isRecorded) return;
    const route = routePath(c);
    const isKnown = !route.includes('*');
    if (isKnown) span.rename(`${method} ${route}`);
    span.tell({
      'http.request.method': method,
      'http.route': isKnown ? route : undefined,
      'url.path': redactText(path).slice(0, MAX_PATH),
      'url.scheme': 'http',
      'http.response.status_code': c.res.status,
    });
    if (c.res.status >= 500) span.fail(String(c.res.status));
  });
}
