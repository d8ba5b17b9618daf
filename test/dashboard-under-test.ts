import type { UpdateRequest } from '../src/core/update-request.ts';
import { workloadKey } from '../src/core/workload.ts';
import type { WorkloadOutline } from '../src/http/dashboard/workload-rows.ts';
import type { ApprovalDependencies } from '../src/http/approval-api.ts';
import type { Assets } from '../src/http/assets.ts';
import type { SettingsService } from '../src/http/settings-api.ts';
import type { PreferencesView } from '../src/http/settings-shapes.ts';
import type { MetricsView } from '../src/observability/metrics-view.ts';
import { createDashboardApp, type DashboardDependencies } from '../src/http/dashboard.ts';
import type { EdgeApp } from '../src/http/edge.ts';
import { noMetrics } from './metrics-under-test.ts';
import { someSettings } from './settings-under-test.ts';

const FILES = ['/index.html', '/assets/app-1.js', '/theme.js', '/favicon.svg'];

/** Files that say their own name. */
export const someAssets: Assets = {
  find: (path) =>
    Promise.resolve(
      FILES.includes(path)
        ? { body: new TextEncoder().encode(`content of ${path}`), headers: { 'content-type': 'text/plain' } }
        : undefined,
    ),
};

/** The dashboard over an API under test. */
export function aDashboardOver(
  dependencies: ApprovalDependencies & Pick<DashboardDependencies, 'mountSignIn'>,
  options: {
    readonly requests?: readonly UpdateRequest[];
    readonly outlines?: readonly WorkloadOutline[];
    readonly isBuilt?: boolean;
    readonly metricsView?: MetricsView;
    readonly settings?: SettingsService;
    readonly preferences?: PreferencesView;
  } = {},
): EdgeApp {
  const outlines = options.outlines ?? [];
  return createDashboardApp({
    ...dependencies,
    dashboard: {
      requests: () => options.requests ?? [],
      waitingFor: () => [],
      preferences: () => options.preferences ?? { refresh_interval: 30, max_items_per_page: 20 },
      workloads: {
        prepare: () => Promise.resolve(),
        outlines: ({ visible }) =>
          outlines.filter(({ workload }) => visible === undefined || visible(workload.namespace)),
        outline: (key) => outlines.find(({ workload }) => workloadKey(workload) === key),
      },
    },
    settings: options.settings ?? someSettings(),
    metricsView: options.metricsView ?? noMetrics,
    assets: options.isBuilt === false ? undefined : someAssets,
  });
}
