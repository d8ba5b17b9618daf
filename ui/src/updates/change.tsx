import type { JSX } from 'preact';
import type { UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { splitCommon } from './split-common.ts';

type Change = UpdateRow['change'];

const KINDS: Readonly<Record<Change['kind'], { readonly text: string; readonly tone: string }>> = {
  major: { text: 'major', tone: 'warn' },
  minor: { text: 'minor', tone: 'accent' },
  patch: { text: 'patch', tone: 'ok' },
  prerelease: { text: 'pre-release', tone: 'warn' },
  build: { text: 'build', tone: '' },
  digest: { text: 'new digest', tone: 'violet' },
  downgrade: { text: 'downgrade', tone: 'danger' },
  unordered: { text: 'no order', tone: '' },
};

/** From which version to which, with what differs made plain. */
export function ChangeView({
  change,
  rollback,
  page,
}: {
  readonly change: Change;
  readonly rollback: boolean;
  /** The registry's page about the new version. */
  readonly page?: string | undefined;
}): JSX.Element {
  const { kind, from, to, name } = change;
  const [common, before, after] = splitCommon(from.version, to.version);
  const { text, tone } = rollback ? { text: 'rollback', tone: 'warn' } : KINDS[kind];
  return (
    <div class="change">
      <div class="change-versions mono">
        <span>
          {common}
          <del>{before}</del>
        </span>
        <span aria-label="to" role="img">
          →
        </span>
        <strong>
          {common}
          <ins>{after}</ins>
        </strong>
        <span class={`chip ${tone}`}>{text}</span>
      </div>
      <div class="change-name mono quiet" title={name}>
        {page === undefined ? name : <RegistryLink name={name} page={page} />}
        {kind === 'digest' && to.digest !== undefined ? ` @ ${to.digest.slice(0, 19)}…` : ''}
      </div>
    </div>
  );
}

function RegistryLink({ name, page }: { readonly name: string; readonly page: string }): JSX.Element {
  return (
    <a class="quiet-link" href={page} target="_blank" rel="noreferrer" title="See it in its registry">
      {name}
      <span aria-hidden="true"> ↗</span>
      <span class="visually-hidden"> (its registry, in a new tab)</span>
    </a>
  );
}
