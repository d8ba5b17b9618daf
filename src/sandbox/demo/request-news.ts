import type { Phase, UpdateRequest, WatchOutcome } from '../../core/update-request.ts';
import type { Told, Tone } from './teller.ts';

/** What is told of a request that is in `phase` now and was not before. */
export function requestNews(request: UpdateRequest): Told {
  const { phase } = request.status;
  const { event, tone, text } =
    (request.spec.rollback === true ? ROLLBACK_NEWS[phase] : undefined) ?? NEWS[phase];
  return {
    event,
    tone: phase === 'Pending' && !request.spec.requireApproval ? 'plain' : tone,
    message: `${titleOf(request)}: ${text(request)}`,
    fields: {
      namespace: request.metadata.namespace,
      request: request.metadata.name,
      kind: request.spec.targetRef.kind,
      workload: request.spec.targetRef.name,
      container: request.spec.containerName,
      currentImage: request.spec.currentImage,
      newImage: request.spec.newImage,
      phase,
    },
  };
}

interface News {
  readonly event: string;
  readonly tone: Tone;
  readonly text: (request: UpdateRequest) => string;
}

const NEWS: Readonly<Record<Phase, News>> = {
  Pending: {
    event: 'request-created',
    tone: 'wait',
    text: ({ metadata, spec }) =>
      spec.requireApproval ? `waits for approval (${metadata.name})` : `will be applied (${metadata.name})`,
  },
  Approved: {
    event: 'request-approved',
    tone: 'plain',
    text: ({ status }) => `approved by ${status.approvedBy ?? 'nobody who is known'}`,
  },
  Completed: {
    event: 'request-applied',
    tone: 'good',
    text: ({ status }) => `applied${by(status.approvedBy)}`,
  },
  Rejected: {
    event: 'request-rejected',
    tone: 'plain',
    text: ({ status }) => `rejected${by(status.rejectedBy)}`,
  },
  Failed: { event: 'request-failed', tone: 'bad', text: (request) => `failed${because(request)}` },
  Expired: { event: 'request-expired', tone: 'plain', text: () => 'expired' },
  Superseded: {
    event: 'request-superseded',
    tone: 'plain',
    text: (request) => `superseded${because(request)}`,
  },
  RolledBack: {
    event: 'request-rolled-back',
    tone: 'bad',
    text: (request) => `rolled back${because(request)}`,
  },
};

/** Where a rollback is told of in other words than an update. */
const ROLLBACK_NEWS: Readonly<Partial<Record<Phase, News>>> = {
  Pending: {
    event: 'rollback-created',
    tone: 'plain',
    text: ({ metadata }) => `rollback (${metadata.name})`,
  },
  Approved: {
    event: 'rollback-triggered',
    tone: 'plain',
    text: ({ status }) => `rollback wanted by ${status.approvedBy ?? 'nobody who is known'}`,
  },
  Completed: {
    event: 'rollback-completed',
    tone: 'good',
    text: ({ spec }) => `${versionOf(spec.newImage)} is back`,
  },
  Failed: { event: 'rollback-failed', tone: 'bad', text: (request) => `rollback failed${because(request)}` },
};

/** What is told of the watch over a rollout when it has found out something new; undefined if that is nothing. */
export function watchNews(request: UpdateRequest): Told | undefined {
  const { verification, conditions = [] } = request.status;
  const said = conditions.find(({ type }) => type === 'Healthy');
  if (verification === undefined || said === undefined || request.status.phase !== 'Completed')
    return undefined;
  const { outcome, failedChecks } = verification;
  const news = outcome === undefined ? undefined : WATCH_NEWS[outcome];
  if (news === undefined && failedChecks === 0) return undefined;
  const { event, tone } = news ?? { event: 'check-failed', tone: 'bad' };
  const fields = {
    namespace: request.metadata.namespace,
    request: request.metadata.name,
    outcome,
    failedChecks,
  };
  return { event, tone, message: `${titleOf(request)}: ${said.message}`, fields };
}

const WATCH_NEWS: Readonly<Record<WatchOutcome, Pick<News, 'event' | 'tone'>>> = {
  Healthy: { event: 'rollout-healthy', tone: 'good' },
  Unknown: { event: 'rollout-unknown', tone: 'wait' },
  HandsOff: { event: 'rollout-left-alone', tone: 'wait' },
  RollingBack: { event: 'rollout-failed', tone: 'bad' },
  Unhealthy: { event: 'rollout-failed', tone: 'bad' },
};

function by(identity: string | undefined): string {
  return identity === undefined ? '' : ` (${identity})`;
}

function because({ status }: UpdateRequest): string {
  return status.message === undefined ? '' : `: ${status.message}`;
}

function titleOf({ metadata, spec }: UpdateRequest): string {
  return `${metadata.namespace}/${spec.targetRef.name} ${versionOf(spec.currentImage)} -> ${versionOf(spec.newImage)}`;
}

/** What stands behind the last colon of the name: `1.4.2` of `127.0.0.1:5000/shop/checkout:1.4.2`. */
export function versionOf(image: string): string {
  const [name = image] = image.split('@');
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(colon + 1) : 'latest';
}

/** The last part of the path and the version: `checkout:1.4.2` of `127.0.0.1:5000/shop/checkout:1.4.2@sha256:…`. */
export function shortImage(image: string): string {
  const [name = image] = image.split('@');
  return name.slice(name.lastIndexOf('/') + 1);
}
