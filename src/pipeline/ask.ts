import { isChart } from '../core/artifact-reference.ts';
import type { Clock } from '../core/clock.ts';
import type { Credential } from '../core/credential.ts';
import type { Confirmation, ProposalInput, VerifyMode } from '../core/decision.ts';
import { effectiveTag, type Repository } from '../core/image-reference.ts';
import type { Signal } from '../core/signal.ts';
import type { Artifact, Workload } from '../core/workload.ts';

/** A version that may be proposed for one artifact. */
export interface Candidate extends Pick<Signal, 'tag' | 'source'>, Partial<Pick<Signal, 'type'>> {
  /** Until when a registry that does not know the tag is asked again, as `Clock.elapsed` counts; absent: it is asked once. */
  readonly patientUntilMs?: number;
  /** Asks in the place of the registry: whoever brings the candidate may know already. */
  readonly confirm?: () => Promise<Confirmation>;
}

export interface AskerOptions {
  /** Asks the registry for one tag's digest. Never throws for what a registry may answer. */
  readonly confirm: (query: {
    readonly repository: Repository;
    readonly tag: string;
    readonly credentials: () => Promise<readonly Credential[]>;
  }) => Promise<Confirmation>;
  /** Asks the source of a release's chart for one version; an image under the chart's name is `missing`. Never throws for what a source may answer. */
  readonly confirmChart: (query: {
    readonly workload: Workload;
    readonly artifact: Artifact;
    readonly version: string;
  }) => Promise<Confirmation>;
  readonly credentialsFor: (workload: Workload, repository: Repository) => Promise<readonly Credential[]>;
  /** The registry refused what this workload showed: it is to be read anew. */
  readonly forgetCredentials: (workload: Workload) => void;
  /** Where the credentials of a workload come from, for the person who has to mend them. */
  readonly explainCredentials: (workload: Workload, repository: Repository) => Promise<string>;
  readonly verifyMode: VerifyMode;
  readonly clock: Clock;
}

/** Has a candidate confirmed by where it is said to be. */
export type Ask = (workload: Workload, input: ProposalInput, candidate: Candidate) => Promise<Confirmation>;

const ASK_AGAIN_MS = 200;

/**
 * Makes the asker. An image's digest is asked for where the verify mode or the decision wants it; a chart is confirmed in
 * every mode, since only its source tells it from an image of the same name.
 */
export function createAsk(options: AskerOptions): Ask {
  const { clock } = options;

  async function askPatiently(
    ask: () => Promise<Confirmation>,
    { patientUntilMs, ...candidate }: Candidate,
  ): Promise<Confirmation> {
    if (candidate.confirm !== undefined) return candidate.confirm();
    for (let pauseMs = ASK_AGAIN_MS; ; pauseMs *= 2) {
      const answer = await ask();
      if (answer.outcome !== 'missing' || answer.isOther === true) return answer;
      if (clock.elapsed() + pauseMs > (patientUntilMs ?? 0)) return answer;
      await pause(pauseMs);
    }
  }

  function pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      clock.after(durationMs, resolve);
    });
  }

  return async (workload, { artifact, reference: parsed }, candidate) => {
    if (!parsed.ok) return { outcome: 'not-asked' };
    const reference = parsed.value;
    const { tag } = candidate;
    if (isChart(reference))
      return askPatiently(() => options.confirmChart({ workload, artifact, version: tag }), candidate);
    const needsDigest = reference.digest !== undefined || tag === effectiveTag(reference);
    if (options.verifyMode === 'never' && !needsDigest) return { outcome: 'not-asked' };
    const { repository } = reference;
    const credentials = (): Promise<readonly Credential[]> => options.credentialsFor(workload, repository);
    const answer = await askPatiently(() => options.confirm({ repository, tag, credentials }), candidate);
    if (answer.outcome !== 'unavailable' || answer.denied !== true) return answer;
    const source = await options.explainCredentials(workload, repository);
    options.forgetCredentials(workload);
    return source === '' ? answer : { ...answer, message: `${answer.message}; ${source}` };
  };
}
