import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { UpdateRequest } from '../core/update-request.ts';
import { canBeNamed, noSuchRequest, targetOf } from './approval-actions.ts';
import { explainerOf, mountApi, type ApprovalDependencies } from './approval-api.ts';
import { signInFor } from './auth/sign-in.ts';
import { SIGN_IN_STYLE_SOURCE } from './auth/sign-in-page.ts';
import type { Door } from './auth/door.ts';
import { createEdge, refuse, sealRoutes, type EdgeApp, type EdgeContext } from './edge.ts';
import { mountHealth } from './health.ts';

export interface DashboardDependencies extends ApprovalDependencies {
  /** Adds the sign-in, where people sign in by a page. */
  readonly mountSignIn?: Door['mountSignIn'];
  /** Where a browser finds the approval API, and the metrics, if it can. */
  readonly apiUrl: string;
  readonly metricsUrl?: string | undefined;
}

const MAX_ROWS = 200;
const MAX_COUNTED = 1000;

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 76rem; margin: 0 auto; padding: 1.5rem; }
h1 { margin-bottom: 0; }
.count { font-size: 1.25rem; font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding-bottom: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid GrayText; }
code, td:last-child { overflow-wrap: anywhere; }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
// In one piece, because its hash is of every character between the tags.
const STYLE_ELEMENT = raw(`<style>${STYLE}</style>`);
/** Everything from here, nothing from elsewhere; no script but files of our own, and none that is made of texts. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' 'sha256-${STYLE_HASH}' ${SIGN_IN_STYLE_SOURCE}`,
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');
const HEADERS = {
  // With no-referrer, browsers would send forms of ours with the origin `null`.
  'referrer-policy': 'same-origin',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
};

type Html = ReturnType<typeof html>;

/**
 * The dashboard (8082): a page without scripts that shows what is there, one for each request, and the API's own routes for whoever is
 * signed in here. Everything in the page is escaped by `html`.
 */
export function createDashboardApp(dependencies: DashboardDependencies): EdgeApp {
  const { approvals, health, metrics, log, mountSignIn } = dependencies;
  const app = createEdge({
    server: 'ui',
    log,
    metrics,
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
    headers: HEADERS,
  });
  const access = mountApi(app, { ...dependencies, forms: true });
  mountSignIn?.(app, { log, explain: explainerOf(dependencies) });
  const mountPage = (path: string, show: (c: EdgeContext) => Promise<Response>): void => {
    access.guardPage(app, path, mountSignIn === undefined ? undefined : signInFor);
    app.get(path, async (c) => {
      try {
        return await show(c);
      } catch (error) {
        log.warn({ error }, 'dashboard could not read requests');
        return c.html(page(dependencies, complaint('The update requests cannot be read just now.')), 503);
      }
    });
  };
  mountPage('/', async (c) => {
    const seen = await access.visible(c, () => dependencies.namespaces?.() ?? []);
    if (!seen.ok) return refuse(c, seen.error);
    const visible = seen.value;
    const [pending, recent] = await Promise.all([
      approvals.list({ phase: ['Pending'], limit: MAX_COUNTED, visible }),
      approvals.list({ limit: MAX_ROWS, visible }),
    ]);
    const count = `${pending.items.length}${pending.continue === undefined ? '' : '+'}`;
    return c.html(page(dependencies, requestsSection(dependencies, count, recent.items)));
  });
  // Where notifications lead.
  mountPage('/updates/:namespace/:name', async (c) => {
    const target = targetOf(c);
    const allowed = await access.may(c, { verb: 'get', ...target });
    if (!allowed.ok) return refuse(c, allowed.error);
    const request = canBeNamed(target) ? await approvals.get(target.namespace, target.name) : undefined;
    if (request === undefined)
      return c.html(page(dependencies, complaint(noSuchRequest(target).detail)), 404);
    return c.html(page(dependencies, requestSection(dependencies, request)));
  });
  mountHealth(app, health);
  return sealRoutes(app);
}

function page({ apiUrl, metricsUrl }: DashboardDependencies, content: Html): Html {
  const metricsLink = metricsUrl === undefined ? '' : html` · <a href="${metricsUrl}">Metrics</a>`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Headwind</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <header>
          <h1>Headwind</h1>
          <p>
            Moves the workloads of this cluster to new container images and charts, by policy and approval.
          </p>
          <nav aria-label="Headwind">
            <a href="${apiUrl}/api/v1/updates">Update requests as JSON</a> ·
            <a href="${apiUrl}/api/v1/workloads">Workloads as JSON</a> ·
            <a href="${apiUrl}/openapi.json">API description</a>${metricsLink}
          </nav>
        </header>
        <main>${content}</main>
      </body>
    </html>`;
}

function complaint(text: string): Html {
  return html`<p role="alert">${text}</p>`;
}

function requestSection({ apiUrl }: DashboardDependencies, request: UpdateRequest): Html {
  const isPending = request.status.phase === 'Pending';
  return html`${isPending ? approvalHint(apiUrl, request) : ''} ${table([request], 'The update request')}
    <p><a href="/">All update requests</a></p>`;
}

function requestsSection(
  { apiUrl }: DashboardDependencies,
  pending: string,
  requests: readonly UpdateRequest[],
): Html {
  const example = requests.find(({ status }) => status.phase === 'Pending');
  return html`<p class="count">Pending: ${pending}</p>
    ${example === undefined ? '' : approvalHint(apiUrl, example)}
    ${requests.length === 0 ? html`<p>There is no update request yet.</p>` : table(requests, `Update requests, newest first (at most ${MAX_ROWS})`)}`;
}

function approvalHint(apiUrl: string, { metadata }: UpdateRequest): Html {
  const route = `${apiUrl}/api/v1/updates/${metadata.namespace}/${metadata.name}/approve`;
  return html`<p>Approve with <code>curl -X POST ${route}</code></p>`;
}

function table(requests: readonly UpdateRequest[], caption: string): Html {
  return html`<div class="scroll" role="region" aria-label="Update requests" tabindex="0">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">Workload</th>
          <th scope="col">Running</th>
          <th scope="col">New</th>
          <th scope="col">Policy</th>
          <th scope="col">Phase</th>
          <th scope="col">Created</th>
          <th scope="col">Request</th>
        </tr>
      </thead>
      <tbody>
        ${requests.map(row)}
      </tbody>
    </table>
  </div>`;
}

function row({ metadata, spec, status }: UpdateRequest): Html {
  const container = spec.containerName === undefined ? '' : `, ${spec.containerName}`;
  const created = metadata.creationTimestamp;
  return html`<tr>
    <th scope="row">${spec.targetRef.kind} ${metadata.namespace}/${spec.targetRef.name}${container}</th>
    <td><code>${spec.currentImage}</code></td>
    <td><code>${spec.newImage}</code></td>
    <td>${spec.policy}</td>
    <td>${status.phase}${status.message === undefined ? '' : `: ${status.message}`}</td>
    <td><time datetime="${created}">${created}</time></td>
    <td>${metadata.name}</td>
  </tr>`;
}
