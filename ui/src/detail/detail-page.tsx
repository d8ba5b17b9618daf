import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { UpdateDetail } from '../../../src/http/dashboard-shapes.ts';
import { CopyButton } from '../kit/copy-button.tsx';
import { Fact } from '../kit/fact.tsx';
import { Loaded } from '../kit/loaded.tsx';
import { Time } from '../kit/time.tsx';
import { useResource } from '../state/resource.ts';
import { ChangeView } from '../updates/change.tsx';
import { PhaseChip } from '../updates/phase.tsx';
import { keyOf } from '../updates/key-of.ts';
import { WhyNot } from '../workloads/why-not.tsx';
import { Decide } from './decide.tsx';
import { Story } from './story.tsx';

/** All about one request: what changes, what happened, and what is to be decided. */
export function DetailPage({
  namespace,
  name,
}: {
  readonly namespace: string;
  readonly name: string;
}): JSX.Element {
  const path = `/api/v1/dashboard/updates/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  const { resource, reload } = useResource<UpdateDetail>(path);
  return (
    <>
      <nav class="trail" aria-label="Where this is">
        <Link href="/">Updates</Link> <span class="quiet">/ {namespace} /</span>{' '}
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
  readonly detail: UpdateDetail;
  readonly onChanged: () => void;
}): JSX.Element {
  const { row } = detail;
  return (
    <>
      <header class="detail-head">
        <div>
          <h1>
            <Link class="row-link" href={`/workloads/${row.kind}/${row.namespace}/${row.workload}`}>
              {row.workload}
            </Link>
          </h1>
          <p class="quiet">
            {`${row.kind} in ${row.namespace}${row.artifact === '' ? '' : `, ${row.artifact}`}, policy ${row.policy}`}
          </p>
        </div>
        <PhaseChip phase={row.phase} />
        <Decide row={row} onChanged={onChanged} />
      </header>
      <div class="detail-grid">
        <section class="card section" aria-labelledby="what">
          <h2 id="what">What changes</h2>
          <ChangeView change={row.change} rollback={row.rollback} page={row.registryPage} />
          <dl class="facts">
            <Fact label={row.phase === 'Completed' ? 'Ran' : 'Runs'} value={detail.currentImage} />
            <Fact label={row.phase === 'Completed' ? 'Was given' : 'Shall run'} value={detail.newImage} />
            {row.change.to.digest !== undefined && <Fact label="Digest" value={row.change.to.digest} />}
          </dl>
          {detail.reason !== undefined && <p class="quiet">{detail.reason}</p>}
        </section>
        <section class="card section" aria-labelledby="story">
          <h2 id="story">What happened</h2>
          <Story events={detail.story} />
          <WhyNot blockers={row.waitsFor} />
        </section>
      </div>
      <Others rows={detail.others} />
      <Conditions conditions={detail.conditions} />
      <details class="card section">
        <summary>
          <h2>YAML</h2>
        </summary>
        <CopyButton text={detail.yaml} label="Copy the YAML" />
        <pre class="yaml" tabIndex={0}>
          {detail.yaml}
        </pre>
      </details>
    </>
  );
}

function Others({ rows }: { readonly rows: UpdateDetail['others'] }): JSX.Element {
  if (rows.length === 0) return <></>;
  return (
    <section class="card section" aria-labelledby="others">
      <h2 id="others">Other requests of the same artifact</h2>
      <ul class="others">
        {rows.map((row) => (
          <li key={keyOf(row)}>
            <Link href={`/updates/${keyOf(row)}`} class="mono">
              {`${row.change.from.version} → ${row.change.to.version}`}
            </Link>
            <PhaseChip phase={row.phase} />
            <span class="quiet">
              <Time at={row.createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Conditions({ conditions }: Pick<UpdateDetail, 'conditions'>): JSX.Element {
  if (conditions.length === 0) return <></>;
  return (
    <section class="card section" aria-labelledby="conditions">
      <h2 id="conditions">Conditions</h2>
      <dl class="facts">
        {conditions.map(({ type, status, reason, message, lastTransitionTime }) => (
          <div key={type}>
            <dt>
              {type} <span class="quiet">{`${status}, ${reason}`}</span>
            </dt>
            <dd>
              {message}{' '}
              <span class="quiet">
                <Time at={lastTransitionTime} />
              </span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
