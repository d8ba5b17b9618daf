import { grafanaDashboard } from './grafana/dashboard.ts';
import { alertsPage } from './reference/alerts-page.ts';
import { annotationsPage } from './reference/annotations-page.ts';
import { apiPage } from './reference/api-page.ts';
import { blockersPage } from './reference/blockers-page.ts';
import { errorsPage } from './reference/errors-page.ts';
import { metricsPage } from './reference/metrics-page.ts';
import { performancePage } from './reference/performance-page.ts';
import { settingsPage } from './reference/settings-page.ts';
import { updateRequestPage } from './reference/update-request-page.ts';

/** The files that tools write whole, each made from the one place where its facts stand. A test holds them to be current. */
export const GENERATED: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/performance.md': performancePage,
  'docs/reference/alerts.md': alertsPage,
  'docs/reference/annotations.md': annotationsPage,
  'docs/reference/api.md': apiPage,
  'docs/reference/blockers.md': blockersPage,
  'docs/reference/errors.md': errorsPage,
  'docs/reference/metrics.md': metricsPage,
  'docs/reference/settings.md': settingsPage,
  'docs/reference/updaterequest.md': updateRequestPage,
  'monitoring/grafana-dashboard.json': grafanaDashboard,
};
