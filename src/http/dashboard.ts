import type { MetricsView } from '../observability/metrics-view.ts';
import type { Assets } from './assets.ts';
import { DEFAULT_NAMESPACE, explainerOf, mountApi, type ApprovalDependencies } from './approval-api.ts';
import type { Door } from './auth/door.ts';
import { signInFor } from './auth/sign-in.ts';
import { SIGN_IN_STYLE_SOURCE } from './auth/sign-in-page.ts';
import type { DashboardData } from './dashboard/data.ts';
import { mountDashboardData } from './dashboard/routes.ts';
import { createEdge, refuse, sealRoutes, type EdgeApp, type EdgeContext } from './edge.ts';
import { mountHealth } from './health.ts';
import { mountMetrics } from './metrics-api.ts';
import { problem } from './problem.ts';
import { mountSettings, type SettingsService } from './settings-api.ts';

export interface DashboardDependencies extends ApprovalDependencies {
  readonly dashboard: Omit<DashboardData, 'namespaces' | 'isSynced' | 'history' | 'explain'>;
  readonly settings: SettingsService;
  /** Headwind's own metrics over time. */
  readonly metricsView: MetricsView;
  /** The built page; undefined where it has not been built. */
  readonly assets: Assets | undefined;
  /** Adds the sign-in, where people sign in by a page. */
  readonly mountSignIn?: Door['mountSignIn'];
}

/** The addresses of the page's parts; the page itself finds out which one is meant. */
const PAGES = [
  '/',
  '/updates/:namespace/:name',
  '/workloads',
  '/workloads/:kind/:namespace/:name',
  '/observability',
  '/settings',
];

/** Everything from here, nothing from elsewhere; no script but files of our own, and none that is made of texts. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' ${SIGN_IN_STYLE_SOURCE}`,
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

/** The dashboard (8082): the page, the data that only it needs, and the API's own routes for whoever is signed in here. */
export function createDashboardApp(dependencies: DashboardDependencies): EdgeApp {
  const { health, metrics, log, mountSignIn, assets, dashboard } = dependencies;
  const app = createEdge({
    server: 'ui',
    log,
    metrics,
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
    headers: HEADERS,
  });
  const access = mountApi(app, { ...dependencies, forms: true });
  mountSignIn?.(app, { log, explain: explainerOf(dependencies) });
  mountDashboardData(app, access, {
    ...dashboard,
    namespaces: () => dependencies.namespaces?.() ?? [],
    isSynced: () => health.ready().ok,
    history: (workload) => dependencies.rollbacks.history(workload),
    explain: explainerOf(dependencies),
  });
  const { settings, ownNamespace } = dependencies;
  const { preferences } = dashboard;
  mountSettings(app, { settings, access, ownNamespace: ownNamespace ?? DEFAULT_NAMESPACE, preferences });
  mountMetrics(app, access, dependencies.metricsView);
  mountHealth(app, health);
  for (const path of PAGES) {
    access.guardPage(app, path, mountSignIn === undefined ? undefined : signInFor);
    app.get(path, (c) => file(c, assets, '/index.html'));
  }
  // Scripts and styles say nothing about the cluster: whoever signs in needs them before.
  for (const path of ['/assets/:file', '/theme.js', '/favicon.svg'])
    app.get(path, (c) => file(c, assets, c.req.path));
  return sealRoutes(app);
}

async function file(c: EdgeContext, assets: Assets | undefined, path: string): Promise<Response> {
  if (assets === undefined)
    return refuse(c, problem('HW_UNAVAILABLE', 'The dashboard has not been built; "make build" does it.'));
  const asset = await assets.find(path, c.req.header('accept-encoding'));
  if (asset === undefined) return refuse(c, problem('HW_NOT_FOUND', 'There is no such file.'));
  return c.body(asset.body, 200, asset.headers);
}
