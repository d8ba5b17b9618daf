/** One group of the side bar: its title, and page by page what it is called there and where it lies in `docs`. */
interface Group {
  readonly title: string;
  readonly pages: Readonly<Record<string, string>>;
}

/** As the theme wants them. */
interface Entry {
  text: string;
  link: string;
}
interface SidebarGroup {
  text: string;
  items: Entry[];
}

/** All pages of the site in reading order; a test holds it against the files in `docs`. */
export const NAVIGATION: readonly Group[] = [
  {
    title: 'Start',
    pages: {
      'What it is': 'index.md',
      Install: 'install.md',
      'Quick start': 'quick-start.md',
    },
  },
  {
    title: 'Guides',
    pages: {
      Policies: 'policies.md',
      Webhooks: 'webhooks.md',
      Polling: 'polling.md',
      Approvals: 'approvals.md',
      'Helm charts': 'helm.md',
      Rollback: 'rollback.md',
      Notifications: 'notifications.md',
      Dashboard: 'dashboard.md',
      Observability: 'observability.md',
      'kubectl plugin': 'kubectl-plugin.md',
    },
  },
  {
    title: 'Operate',
    pages: {
      Configuration: 'configuration.md',
      Security: 'security.md',
      Troubleshooting: 'troubleshooting.md',
      Image: 'image.md',
      Releases: 'release.md',
      'From Keel': 'upgrade-from-keel.md',
      'From Headwind in Rust': 'upgrade-from-rust-headwind.md',
    },
  },
  {
    title: 'Reference',
    pages: {
      Annotations: 'reference/annotations.md',
      Settings: 'reference/settings.md',
      UpdateRequest: 'updaterequest.md',
      'Fields of an UpdateRequest': 'reference/updaterequest.md',
      Blockers: 'reference/blockers.md',
      API: 'reference/api.md',
      Errors: 'reference/errors.md',
      Metrics: 'reference/metrics.md',
      Alerts: 'reference/alerts.md',
    },
  },
  {
    title: 'Understand',
    pages: {
      Architecture: 'architecture.md',
      Performance: 'performance.md',
      'Its own list and watch': 'adr/0001-own-list-and-watch.md',
      'No database': 'adr/0002-no-database.md',
      'Every change is a request': 'adr/0003-every-change-is-a-request.md',
      'How versions are ordered': 'adr/0004-version-ordering.md',
      'What a no means for a list': 'adr/0005-what-a-no-means-for-a-list.md',
      'A version in another object': 'adr/0006-a-version-in-another-object.md',
      'One replica acts': 'adr/0007-one-replica-acts.md',
      'What is kept in memory': 'adr/0008-what-is-kept-in-memory.md',
    },
  },
];

/** The same as the theme wants it. */
export function toSidebar(groups: readonly Group[]): SidebarGroup[] {
  return groups.map(({ title, pages }) => ({
    text: title,
    items: Object.entries(pages).map(([text, page]) => ({ text, link: `/${page.replace(/\.md$/, '')}` })),
  }));
}

/** The first page of each group, for the bar at the top. */
export function toTopBar(groups: readonly Group[]): Entry[] {
  return toSidebar(groups).flatMap(({ text, items: [first] }) =>
    first === undefined ? [] : [{ text, link: first.link }],
  );
}
