import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { UpdateDetail } from '../../../src/http/dashboard-shapes.ts';
import { CopyButton } from '../kit/copy-button.tsx';
import { Loaded } from '../kit/loaded.tsx';
import { Time } from '../kit/time.tsx';
import { useResource } from '../state/resource.ts';
import { useServices } from '../state/services.ts';
import { approve, reject } from '../updates/actions.ts';
import { ChangeView } from '../updates/change.tsx';
import { DecideDialog } from '../updates/decide-dialog.tsx';
import { PhaseChip } from '../updates/phase.tsx';
import { keyOf } from '../updates/update-table.tsx';
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
      <nav aria-label="Where this is">
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
          <h1>{row.workload}</h1>
          <p class="quiet">
            {`${row.kind} in ${row.namespace}${row.artifact === '' ? '' : `, ${row.artifact}`}, policy ${row.policy}`}
          </p>
        </div>
        <PhaseChip phase={row.phase} />
        <Decide detail={detail} onChanged={onChanged} />
      </header>
      <div class="detail-grid">
        <section class="card section" aria-labelledby="what">
          <h2 id="what">What changes</h2>
          <ChangeView change={row.change} rollback={row.rollback} />
          <dl class="facts">
            <Fact label="Runs" value={detail.currentImage} />
            <Fact label="Shall run" value={detail.newImage} />
            {row.change.to.digest !== undefined && <Fact label="Digest" value={row.change.to.digest} />}
          </dl>
          {detail.reason !== undefined && <p class="quiet">{detail.reason}</p>}
          {detail.registryPage !== undefined && (
            <p>
              <a href={detail.registryPage} target="_blank" rel="noreferrer">
                See it in its registry
              </a>
            </p>
          )}
        </section>
        <section class="card section" aria-labelledby="story">
          <h2 id="story">What happened</h2>
          <Story events={detail.story} />
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

function Decide({
  detail,
  onChanged,
}: {
  readonly detail: UpdateDetail;
  readonly onChanged: () => void;
}): JSX.Element {
  const services = useServices();
  const [verb, setVerb] = useState<'approve' | 'reject'>();
  const { row } = detail;
  const run = async (reason: string): Promise<boolean> => {
    const taken = await (verb === 'reject' ? reject(services, row, reason) : approve(services, row));
    onChanged();
    return taken;
  };
  if (row.phase !== 'Pending') return <></>;
  return (
    <div class="row-actions">
      <button type="button" class="button primary" onClick={() => setVerb('approve')}>
        Approve
      </button>
      <button type="button" class="button danger" onClick={() => setVerb('reject')}>
        Reject
      </button>
      {verb !== undefined && (
        <DecideDialog verb={verb} rows={[row]} onClose={() => setVerb(undefined)} run={run} />
      )}
    </div>
  );
}

function Fact({ label, value }: { readonly label: string; readonly value: string }): JSX.Element {
  return (
    <div>
      <dt class="quiet">{label}</dt>
      <dd class="mono">
        {value} <CopyButton text={value} label={`Copy: ${label}`} />
      </dd>
    </div>
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
