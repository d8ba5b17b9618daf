import type { SlackSigner, SlackTrust } from '../config/slack-trust.ts';
import type { Clock } from '../core/clock.ts';
import { isFinished } from '../core/request-machine.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import { renderSlackRefusal, type SlackInteraction } from '../notifications/slack-interaction.ts';
import type { AuditEntry } from './access.ts';
import type { ActionOutcome, Actions } from './approval-actions.ts';
import type { Door } from './auth/door.ts';
import type { Log } from './dependencies.ts';
import type { Problem } from './problem.ts';
import { identifySlackUser, slackName, type SlackPerson } from './slack-people.ts';
import { createSlackProof, type SlackProof } from './slack-proof.ts';
import { renderState, tooLate, type Tell } from './slack-words.ts';

/** What is needed of Slack. */
export interface SlackDesk {
  /** Who is believed now. */
  trust(): SlackTrust;
  readonly notificationOf: Tell;
  /** Posts to the address that Slack gave with the button; whether that has arrived. Never rejects. */
  readonly replies: { send(responseUrl: string, body: string, signal?: AbortSignal): Promise<boolean> };
}

export interface SlackAnswersOptions {
  readonly desk: SlackDesk;
  readonly approvals: Actions & {
    get(namespace: string, name: string): Promise<UpdateRequest | undefined>;
  };
  /** That of the approval API, which this is a way around. */
  readonly door: Pick<Door, 'mode' | 'authorizer'>;
  readonly audit: { record(entry: AuditEntry): void };
  /** The problem that an error stands for, or undefined for one that nobody expected. */
  readonly explain: (error: unknown) => Problem | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** What people do by Slack's buttons. */
export interface SlackAnswers {
  readonly proof: SlackProof;
  /** Begins to carry it out; false where too much is in work. Slack is told later what came of it. */
  take(interaction: SlackInteraction, signers: readonly SlackSigner[]): boolean;
  /** Lets what is in work finish for `graceMs` milliseconds. */
  stop(graceMs: number): Promise<void>;
}

/** What the person, the message and the audit log are told. */
interface Told {
  readonly username: string;
  readonly result: AuditEntry['result'];
  readonly reason: string;
  readonly kind?: string | undefined;
  /** For the person alone. */
  readonly refusal?: string;
  /** In place of the message. */
  readonly message?: string | undefined;
}

const MAX_IN_WORK = 100;

/** Carries out what people press, as the same people might do it at the approval API. */
export function createSlackAnswers(options: SlackAnswersOptions): SlackAnswers {
  const { desk, approvals, door, audit, explain, clock, log } = options;
  const inWork = new Set<Promise<void>>();
  const ending = new AbortController();
  let stopped = false;

  const act = async (
    interaction: SlackInteraction,
    signers: readonly SlackSigner[],
    { identity, shown }: SlackPerson,
  ): Promise<Told> => {
    const { action: verb, namespace, name, uid } = interaction;
    const { username } = identity;
    // An app of one team's own speaks for what that team is told.
    const speaksForIt = signers.some(
      ({ namespaces }) => namespaces.length === 0 || namespaces.some((glob) => glob.matches(namespace)),
    );
    if (!speaksForIt)
      return refused(username, `Nothing was done: this Slack app has no say in ${namespace}.`);
    const right = await door.authorizer.authorize({ identity, verb, namespace, name });
    if (!right.ok) return refused(username, `Nothing was done: ${right.error.detail}`);
    const wish = { namespace, name, uid, identity: username };
    const outcome = await (verb === 'approve' ? approvals.approve(wish) : approvals.reject(wish));
    if (outcome.kind === 'conflict' || outcome.kind === 'not-found')
      return late(interaction, username, outcome);
    const { request } = outcome;
    const waits = outcome.kind === 'accepted' ? outcome.message : undefined;
    return {
      username,
      result: 'success',
      reason: waits ?? request.status.message ?? request.status.phase,
      kind: request.spec.targetRef.kind,
      message: stateOf(request, { by: shown, outcome: waits }),
    };
  };

  const stateOf = (
    request: UpdateRequest,
    more: { by?: string; outcome?: string | undefined } = {},
  ): string | undefined => renderState(request, { tell: desk.notificationOf, nowMs: clock.now(), ...more });

  /** Somebody was faster, or the request is gone: the person is told how it stands, and so is the message. */
  const late = async (
    { namespace, name, uid }: SlackInteraction,
    username: string,
    outcome: Extract<ActionOutcome, { kind: 'conflict' | 'not-found' }>,
  ): Promise<Told> => {
    const found = await approvals.get(namespace, name);
    if (found === undefined || found.metadata.uid !== uid)
      return refused(username, 'Nothing was done: the request that this message was about is gone.');
    const { phase } = found.status;
    const isDecided = phase !== 'Pending';
    const why = outcome.kind === 'conflict' ? outcome.message : 'it could not be found';
    return {
      ...refused(username, isDecided ? tooLate(found) : `Nothing was done: ${why}.`),
      kind: found.spec.targetRef.kind,
      // While it is being applied, whoever decided is about to put the message right.
      ...(isFinished(phase) ? { message: stateOf(found) } : {}),
    };
  };

  const attempt = async (interaction: SlackInteraction, signers: readonly SlackSigner[]): Promise<Told> => {
    const { action, namespace, name, user } = interaction;
    const person = identifySlackUser(user, desk.trust(), door.mode);
    if (!person.ok) return refused(slackName(user), person.error);
    try {
      return await act(interaction, signers, person.value);
    } catch (error) {
      const known = explain(error);
      const fields = { error, action, namespace, name };
      if (known === undefined) log.error(fields, 'action failed');
      else log.warn(fields, 'action could not be carried out');
      const detail = known?.detail ?? `The ${action} failed inside; the log of Headwind says why.`;
      return refused(person.value.identity.username, detail);
    }
  };

  const run = async (interaction: SlackInteraction, signers: readonly SlackSigner[]): Promise<void> => {
    const { action, namespace, name, responseUrl } = interaction;
    const told = await attempt(interaction, signers);
    const { username, result, reason } = told;
    const resourceType = told.kind ?? approvals.kindOf?.({ namespace, name }) ?? 'UpdateRequest';
    audit.record({ username, action, resourceType, namespace, name, result, reason });
    const { refusal, message } = told;
    const bodies = [
      ...(refusal === undefined ? [] : [renderSlackRefusal(refusal)]),
      ...(message ? [message] : []),
    ];
    for (const body of bodies) await desk.replies.send(responseUrl, body, ending.signal);
  };

  return {
    proof: createSlackProof({ trust: () => desk.trust(), clock }),
    take(interaction, signers) {
      if (stopped || inWork.size >= MAX_IN_WORK) return false;
      const work = run(interaction, signers).catch((error: unknown) =>
        log.error({ error }, 'answer to a button in Slack failed'),
      );
      inWork.add(work);
      void work.finally(() => inWork.delete(work));
      return true;
    },
    async stop(graceMs) {
      stopped = true;
      const { promise: late, resolve } = Promise.withResolvers<undefined>();
      const cancel = clock.after(graceMs, () => resolve(undefined));
      await Promise.race([Promise.all(inWork), late]);
      cancel();
      ending.abort();
    },
  };
}

function refused(username: string, reason: string): Told {
  return { username, result: 'error', reason, refusal: reason };
}
