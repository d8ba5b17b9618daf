import { expect, it } from 'vitest';
import { pageTitle } from './page-title.ts';

it.each([
  ['/', 'Updates · Headwind'],
  ['/updates/shop/web-1', 'web-1 · Updates · Headwind'],
  ['/workloads', 'Workloads · Headwind'],
  ['/workloads/Deployment/shop/web', 'web · Workloads · Headwind'],
  ['/elsewhere', 'No such page · Headwind'],
])('%s is called %s', (path, title) => {
  expect(pageTitle(path)).toBe(title);
});
