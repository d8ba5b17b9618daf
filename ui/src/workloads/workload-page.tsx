import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { WorkloadDetail } from '../../../src/http/dashboard-workload-shapes.ts';
import { ActButton } from '../kit/act-button.tsx';
import { Loaded } from '../kit/loaded.tsx';
import { Time } from '../kit/time.tsx';
import { useResource } from '../state/resource.ts';
import { useRights } from '../state/use-rights.ts';
import { PhaseChip } from '../updates/phase.tsx';
import { keyOf } from '../updates/key-of.ts';
import { ArtifactCard } from './artifact-card.tsx';
import { PauseDialog } from './pause-dialog.tsx';
import { Settings } from './settings.tsx';
import { StateChip } from './state-chip.tsx';

/** Names a workload, as the address does. */
export interface WorkloadName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** All about one workload: what it runs, why it does not update, what it ran before, and what can be done about that. */
export function WorkloadPage({ workload }: { readonly workload: WorkloadName }): JSX.Element {
  const { kind, namespace, name } = workload;
  const path = `/api/v1/dashboard/workloads/${[kind, namespace, name].map(encodeURIComponent).join('/')}`;
  const { resource, reload } = useResource<WorkloadDetail>(path);
  return (
    <>
      <nav class="trail" aria-label="Where this is">
        <Link href="/workloads">Workloads</Link> <span class="quiet">{`/ ${namespace} / ${kind} /`}</span>{' '}
        <span class="mono">{name}</span>
      </nav>
      <Loaded resource={resource} onRetry={reload}>
        {(detail) => <Detail detail={detail} onChanged={reload} />}
      </Loaded>
    </>
  );
}

function Detail({
  detail,
  onChanged,
}: {
  readonly detail: WorkloadDetail;
  readonly onChanged: () => void;
}): JSX.Element {
  const { row } = detail;
  const whyNot = useRights([row.namespace]);
  const [isPausing, setIsPausing] = useState(false);
  return (
    <>
      <header class="detail-head">
        <div>
          <h1>{row.name}</h1>
          <p class="quiet">{`${row.kind} in ${row.namespace}, policy ${row.policy}`}</p>
        </div>
        <StateChip state={row.state} />
        <div class="row-actions">
          <ActButton
            tone={row.paused ? 'primary' : ''}
            why={whyNot('pause', row.namespace)}
            onClick={() => setIsPausing(true)}
          >
            {row.paused ? 'Resume' : 'Pause'}
          </ActButton>
        </div>
      </header>
      {row.artifacts.map((artifact) => (
        <ArtifactCard
          key={artifact.name}
          detail={detail}
          artifact={artifact}
          whyNot={whyNot}
          onChanged={onChanged}
        />
      ))}
      <div class="detail-grid">
        <Settings settings={detail.settings} row={row} />
        <Requests rows={detail.requests} />
      </div>
      {isPausing && (
        <PauseDialog
          workload={row}
          paused={!row.paused}
          onClose={() => setIsPausing(false)}
          onDone={onChanged}
        />
      )}
    </>
  );
}

function Requests({ rows }: { readonly rows: WorkloadDetail['requests'] }): JSX.Element {
  return (
    <section class="card section" aria-labelledby="requests">
      <h2 id="requests">Requests</h2>
      {rows.length === 0 && <p class="quiet">None so far.</p>}
      <ul class="others">
        {rows.map((row) => (
          <li key={keyOf(row)}>
            <Link href={`/updates/${keyOf(row)}`} class="mono">
              {`${row.artifact}: ${row.change.from.version} → ${row.change.to.version}`}
            </Link>
            <PhaseChip phase={row.phase} />
            {row.rollback && <span class="chip warn">rollback</span>}
            <span class="quiet">
              <Time at={row.createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
