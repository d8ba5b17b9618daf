import { settingsOf, type WorkloadSettings } from '../../core/annotations.ts';
import { parseArtifact } from '../../core/artifact-reference.ts';
import type { Blocker } from '../../core/blocker.ts';
import { toTimestamp } from '../../core/clock.ts';
import {
  decide,
  proposalBlockers,
  toPolicyRule,
  type Confirmation,
  type Decision,
} from '../../core/decision.ts';
import { recentFailure } from '../../core/holds.ts';
import { effectiveTag } from '../../core/image-reference.ts';
import { chooseUnheld } from '../../core/list-choice.ts';
import { toNewRequest } from '../../core/new-request.ts';
import { nextStep } from '../../core/next-step.ts';
import { findSuccessor, isOpen } from '../../core/open-requests.ts';
import type { Signal } from '../../core/signal.ts';
import { API_VERSION, APPROVED_BY_POLICY, KIND, UpdateRequest } from '../../core/update-request.ts';
import type { Artifact, Workload } from '../../core/workload.ts';
import { toTarget } from '../../pipeline/step-target.ts';

/** What is known about an artifact, and what is asked about it. */
export interface Situation {
  readonly workload: Workload;
  readonly artifact: Artifact;
  /** All requests of the artifact, open and finished. */
  readonly requests: readonly UpdateRequest[];
  readonly nowMs: number;
  /** Asks the registry for a tag's digest, or says that it was not asked. */
  readonly confirm: (tag: string) => Promise<Confirmation>;
}

/** What a candidate would come to. */
export interface SimulatedAnswer {
  readonly by: Signal['source'];
  /** The version in question; absent where a list holds none. */
  readonly candidate?: string;
  /** `applied` at once, after an `approval`, when what it `waits` for lifts; or it `stays`. */
  readonly outcome: 'applied' | 'approval' | 'waits' | 'stays';
  readonly newImage?: string;
  /** Whether the registry has confirmed it. */
  readonly verified: boolean;
  /** Why it stays or waits. */
  readonly blockers: readonly Blocker[];
  /** The open requests whose place it would take. */
  readonly supersedes: readonly string[];
}

/** What would come of a push of `tag`. */
export function simulatePush(situation: Situation, tag: string): Promise<SimulatedAnswer> {
  return judge(situation, tag, 'webhook');
}

/**
 * What would come of finding these tags, which are all that there are. Where nobody looks but webhooks are heard, the
 * best one is judged as if it were pushed.
 */
export async function simulateList(situation: Situation, tags: readonly string[]): Promise<SimulatedAnswer> {
  const { workload, artifact, requests, nowMs } = situation;
  const { settings } = settingsOf(workload);
  const source = sourceOf(artifact, settings);
  const reference = parseArtifact(artifact);
  if (!reference.ok) return stays(source, [{ code: 'invalid-image', message: reference.error }]);
  const choice = chooseUnheld({
    rule: toPolicyRule(settings),
    currentImage: artifact.image,
    currentTag: effectiveTag(reference.value),
    tags,
    requests,
  });
  if ('blocker' in choice) return stays(source, [choice.blocker]);
  const version = { currentImage: artifact.image, tag: choice.selected };
  const failed = source === 'webhook' ? undefined : recentFailure(requests, version, nowMs);
  if (failed !== undefined) return { ...stays(source, [failed]), candidate: choice.selected };
  return judge(situation, choice.selected, source);
}

function sourceOf({ type }: Artifact, { eventSource }: WorkloadSettings): Signal['source'] {
  if (eventSource === 'webhook') return 'webhook';
  return type === 'chart' ? 'discovery' : 'polling';
}

async function judge(situation: Situation, tag: string, source: Signal['source']): Promise<SimulatedAnswer> {
  const { workload, artifact, requests } = situation;
  const { settings, problems } = settingsOf(workload);
  const type = artifact.type === 'chart' ? ('chart' as const) : ('image' as const);
  const input = {
    artifact,
    reference: parseArtifact(artifact),
    settings,
    problems,
    rule: toPolicyRule(settings),
    candidate: { tag, source, type },
    requests,
  };
  const blockers = proposalBlockers(input);
  if (blockers.length > 0) return { ...stays(source, blockers), candidate: tag };
  const confirmation = await situation.confirm(tag);
  const decision = decide(input, confirmation, 'auto');
  if (decision.action === 'stay') return { ...stays(source, decision.blockers), candidate: tag };
  const { newImage } = decision;
  const verified = confirmation.outcome === 'found';
  return { by: source, candidate: tag, newImage, verified, ...afterwards(situation, decision, source) };
}

/** What becomes of the request that would be made. */
function afterwards(
  { workload, artifact, requests, nowMs }: Situation,
  { newImage, newDigest, reason }: Extract<Decision, { action: 'update' }>,
  source: Signal['source'],
): Pick<SimulatedAnswer, 'outcome' | 'blockers' | 'supersedes'> {
  const { settings } = settingsOf(workload);
  const common = { workload, artifact, settings, source, newImage, newDigest, reason };
  const body = toNewRequest({ ...common, attempt: 0, nowMs, expiryMs: 0 });
  const made = UpdateRequest.parse({
    apiVersion: API_VERSION,
    kind: KIND,
    ...body,
    metadata: {
      ...body.metadata,
      uid: 'simulated',
      resourceVersion: '0',
      creationTimestamp: toTimestamp(nowMs),
    },
  });
  const supersedes = requests
    .filter((request) => isOpen(request) && findSuccessor(request, [made]) !== undefined)
    .map(({ metadata }) => metadata.name);
  if (settings.requireApproval) return { outcome: 'approval', blockers: [], supersedes };
  const request: UpdateRequest = { ...made, status: { phase: 'Approved', approvedBy: APPROVED_BY_POLICY } };
  const step = nextStep({ request, target: toTarget(request, workload), siblings: requests, nowMs });
  if (step.kind === 'wait') return { outcome: 'waits', blockers: step.blockers, supersedes };
  return { outcome: 'applied', blockers: [], supersedes };
}

function stays(by: Signal['source'], blockers: readonly Blocker[]): SimulatedAnswer {
  return { by, outcome: 'stays', verified: false, blockers, supersedes: [] };
}
