export interface RouteExample {
  /** Values of the parameters in the path and, after a `?`, of the query. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

const REQUEST = 'web-app-1-26-0-5f0c2a9e';

/** One call of every route; a test holds it against the routes and their schemas. */
export const ROUTE_EXAMPLES: Readonly<Record<string, RouteExample>> = {
  'GET /api/v1/updates': { path: '/api/v1/updates?phase=Pending,Approved&namespace=shop&limit=50' },
  'GET /api/v1/updates/{namespace}/{name}': { path: `/api/v1/updates/shop/${REQUEST}` },
  'POST /api/v1/updates/{namespace}/{name}/approve': {
    path: `/api/v1/updates/shop/${REQUEST}/approve`,
    body: { reason: 'Release of Tuesday' },
  },
  'POST /api/v1/updates/{namespace}/{name}/reject': {
    path: `/api/v1/updates/shop/${REQUEST}/reject`,
    body: { reason: 'Breaks the login' },
  },
  'POST /api/v1/updates/bulk/approve': {
    path: '/api/v1/updates/bulk/approve',
    body: { updates: [{ namespace: 'shop', name: REQUEST }], reason: 'Release of Tuesday' },
  },
  'POST /api/v1/updates/bulk/reject': {
    path: '/api/v1/updates/bulk/reject',
    body: { updates: [{ namespace: 'shop', name: REQUEST }], reason: 'Breaks the login' },
  },
  'GET /api/v1/session': { path: '/api/v1/session?namespace=shop' },
  'GET /api/v1/rollback/{namespace}/{name}': { path: '/api/v1/rollback/shop/web?kind=Deployment' },
  'GET /api/v1/rollback/{namespace}/{name}/history': {
    path: '/api/v1/rollback/shop/web/history?container=app',
  },
  'POST /api/v1/rollback/{namespace}/{name}': {
    path: '/api/v1/rollback/shop/web',
    body: { container: 'app', image: '1.25.0', reason: 'Breaks the login', dryRun: true },
  },
  'POST /api/v1/rollback/{namespace}/{name}/{container}': {
    path: '/api/v1/rollback/shop/web/app',
    body: { index: 1 },
  },
  'GET /api/v1/holds': { path: '/api/v1/holds?namespace=shop' },
  'DELETE /api/v1/holds/{namespace}/{request}': { path: `/api/v1/holds/shop/${REQUEST}` },
  'POST /api/v1/holds/{namespace}/{request}/release': {
    path: `/api/v1/holds/shop/${REQUEST}/release`,
    body: { reason: 'The login was something else' },
  },
  'POST /api/v1/workloads/{kind}/{namespace}/{name}/pause': {
    path: '/api/v1/workloads/Deployment/shop/web/pause',
    body: { reason: 'Freeze until Monday' },
  },
  'POST /api/v1/workloads/{kind}/{namespace}/{name}/resume': {
    path: '/api/v1/workloads/Deployment/shop/web/resume',
  },
  'GET /api/v1/notifications': { path: '/api/v1/notifications' },
  'POST /api/v1/notifications/test': { path: '/api/v1/notifications/test', body: { channel: 'slack' } },
  'POST /api/v1/settings/test-notification': {
    path: '/api/v1/settings/test-notification',
    body: { type: 'slack' },
  },
  'GET /api/v1/workloads': { path: '/api/v1/workloads?namespace=shop' },
  'GET /api/v1/webhooks/recent': { path: '/api/v1/webhooks/recent' },
  'GET /openapi.json': { path: '/openapi.json' },
  'GET /health': { path: '/health' },
  'GET /livez': { path: '/livez' },
  'GET /readyz': { path: '/readyz' },
};
