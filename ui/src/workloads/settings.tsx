import type { JSX } from 'preact';
import type { WorkloadDetail } from '../../../src/http/dashboard-workload-shapes.ts';

const SOURCES: Readonly<Record<string, string>> = {
  webhook: 'webhooks',
  polling: 'polling',
  both: 'webhooks and polling',
  none: 'nothing',
};

/** What the workload's annotations say, as Headwind understands them. */
export function Settings({
  settings,
  row,
}: {
  readonly settings: WorkloadDetail['settings'];
  readonly row: WorkloadDetail['row'];
}): JSX.Element {
  const minutes = settings.minUpdateIntervalMs / 60_000;
  const facts = [
    ['Policy', settings.pattern === undefined ? row.policy : `${row.policy}, ${settings.pattern}`],
    [
      'Approval',
      settings.requireApproval ? 'a person approves each update' : 'updates are applied by themselves',
    ],
    ['Listens to', SOURCES[settings.eventSource] ?? settings.eventSource],
    ['Between two updates', `at least ${Number.isInteger(minutes) ? `${minutes} min` : `${minutes * 60} s`}`],
    ['Automatic rollback', settings.autoRollback ? 'yes, where a rollout fails' : 'no'],
    ...(settings.images.length > 0 ? [['Only', settings.images.join(', ')]] : []),
    ...(settings.prerelease ? [['Pre-releases', 'admitted']] : []),
    ...(settings.trackDigest ? [['Digests', 'a new digest under the same tag is an update']] : []),
  ];
  return (
    <section class="card section" aria-labelledby="settings">
      <h2 id="settings">What its annotations say</h2>
      <dl class="pairs">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt class="quiet">{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
