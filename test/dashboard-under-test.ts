import type { UpdateRequest } from '../src/core/update-request.ts';
import type { ApprovalDependencies } from '../src/http/approval-api.ts';
import type { Assets } from '../src/http/assets.ts';
import { createDashboardApp, type DashboardDependencies } from '../src/http/dashboard.ts';
import type { EdgeApp } from '../src/http/edge.ts';

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
  options: { readonly requests?: readonly UpdateRequest[]; readonly isBuilt?: boolean } = {},
): EdgeApp {
  return createDashboardApp({
    ...dependencies,
    dashboard: { requests: () => options.requests ?? [], waitingFor: () => [] },
    assets: options.isBuilt === false ? undefined : someAssets,
  });
}
