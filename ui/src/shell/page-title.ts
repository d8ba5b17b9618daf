const PAGES: Readonly<Record<string, string>> = {
  '': 'Updates',
  updates: 'Updates',
  workloads: 'Workloads',
  observability: 'Observability',
  settings: 'Settings',
};

/** What the browser's tab is called for a path of the page: the thing first, since tabs are narrow. */
export function pageTitle(path: string): string {
  const [page = '', ...rest] = path.split('/').filter((part) => part !== '');
  const thing = rest.at(-1);
  return [...(thing === undefined ? [] : [thing]), PAGES[page] ?? 'No such page', 'Headwind'].join(' · ');
}
