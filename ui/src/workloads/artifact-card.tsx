import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { WorkloadDetail } from '../../../src/http/dashboard-workload-shapes.ts';
import { ActButton } from '../kit/act-button.tsx';
import { CopyButton } from '../kit/copy-button.tsx';
import { Time } from '../kit/time.tsx';
import type { WhyNot as WhyNotAllowed } from '../state/use-rights.ts';
import { HistoryList, type Entry } from './history-list.tsx';
import { ReleaseDialog } from './release-dialog.tsx';
import { RollbackDialog } from './rollback-dialog.tsx';
import { WhyNot } from './why-not.tsx';
import { shortName } from './why.ts';

type Artifact = WorkloadDetail['row']['artifacts'][number];
export type Hold = WorkloadDetail['artifacts'][number]['holds'][number];

const TYPES: Readonly<Record<Artifact['type'], string>> = {
  container: 'container',
  initContainer: 'init container',
  chart: 'chart',
};

export interface ArtifactCardProps {
  readonly detail: WorkloadDetail;
  readonly artifact: Artifact;
  readonly whyNot: WhyNotAllowed;
  readonly onChanged: () => void;
}

/** One image or chart: what runs, the last decision, why there is no other, what is held, and the way back. */
export function ArtifactCard({ detail, artifact, whyNot, onChanged }: ArtifactCardProps): JSX.Element {
  const [rollback, setRollback] = useState<Entry>();
  const [hold, setHold] = useState<Hold>();
  const { row } = detail;
  const more = detail.artifacts.find(({ name }) => name === artifact.name);
  const reference = more?.reference ?? artifact.image;
  const mayRollBack = whyNot('rollback', row.namespace);
  const id = `artifact-${artifact.name}`;
  return (
    <section class="card section artifact-card" aria-labelledby={id}>
      <header class="artifact-head">
        <h2 id={id}>
          {shortName(artifact.image)} <span class="mono">{artifact.version}</span>
        </h2>
        <span class="quiet">{`${TYPES[artifact.type]} ${artifact.name}`}</span>
        {artifact.openRequest !== undefined && (
          <Link class="chip accent" href={`/updates/${row.namespace}/${artifact.openRequest}`}>
            update open →
          </Link>
        )}
      </header>
      <p class="mono artifact-reference">
        {more?.registryPage === undefined ? (
          reference
        ) : (
          <a href={more.registryPage} target="_blank" rel="noreferrer">
            {reference}
            <span aria-hidden="true"> ↗</span>
          </a>
        )}{' '}
        <CopyButton text={reference} label={`Copy: ${reference}`} />
      </p>
      {artifact.running !== undefined && (
        <p class="quiet">{`Version ${artifact.running} runs; the one above is set.`}</p>
      )}
      <div class="detail-grid">
        <div class="part">
          <h3>Why it does not update now</h3>
          {artifact.blockers.length === 0 ? (
            <p class="quiet">Nothing keeps it: it is updated as soon as a new version is heard of.</p>
          ) : (
            <WhyNot blockers={artifact.blockers} />
          )}
          <Decision artifact={artifact} />
          <Holds holds={more?.holds ?? []} why={whyNot('approve', row.namespace)} onRelease={setHold} />
        </div>
        <div class="part">
          <h3>What it ran</h3>
          <HistoryList detail={detail} container={artifact.name} why={mayRollBack} onRollback={setRollback} />
        </div>
      </div>
      {rollback !== undefined && (
        <RollbackDialog
          workload={row}
          entry={rollback}
          onClose={() => setRollback(undefined)}
          onDone={onChanged}
        />
      )}
      {hold !== undefined && (
        <ReleaseDialog
          namespace={row.namespace}
          hold={hold}
          onClose={() => setHold(undefined)}
          onDone={onChanged}
        />
      )}
    </section>
  );
}

function Decision({ artifact: { decision } }: { readonly artifact: Artifact }): JSX.Element {
  if (decision === undefined) return <p class="quiet">Nothing was decided since Headwind started.</p>;
  const { action, candidate, reason, at, verified } = decision;
  return (
    <p class="quiet">
      Last decided <Time at={at} />: {action === 'update' ? 'update to ' : 'stay, about '}
      <span class="mono">{candidate}</span>
      {`. ${reason}`}
      {verified ? '' : ' (not verified by the registry)'}
    </p>
  );
}

function Holds({
  holds,
  why,
  onRelease,
}: {
  readonly holds: readonly Hold[];
  readonly why: string | undefined;
  readonly onRelease: (hold: Hold) => void;
}): JSX.Element {
  if (holds.length === 0) return <></>;
  return (
    <>
      <h3>Held back</h3>
      <ul class="others">
        {holds.map((hold) => (
          <li key={hold.request}>
            <span class="mono">{hold.version}</span>
            <span class="quiet">
              {`${hold.why}${hold.by === undefined ? '' : ` by ${hold.by}`} `}
              {hold.at !== undefined && <Time at={hold.at} />}
            </span>
            <ActButton why={why} label={`Clear the hold on ${hold.version}`} onClick={() => onRelease(hold)}>
              Clear
            </ActButton>
          </li>
        ))}
      </ul>
    </>
  );
}
