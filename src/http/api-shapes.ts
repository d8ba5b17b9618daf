import { z } from 'zod';
import { HOLD_REASONS } from '../core/standing-holds.ts';
import { PHASES, UpdateRequest, type Phase } from '../core/update-request.ts';
import { PROBLEMS } from './problem.ts';

/** The shapes of the approval API: what it answers, and what it takes. */

/** An UpdateRequest with the members of the older, flat shape beside it. */
export const UpdateRequestView = UpdateRequest.extend({
  namespace: z.string(),
  name: z.string(),
  deployment: z.string().describe("The target workload's name, whatever its kind"),
  currentImage: z.string(),
  newImage: z.string(),
  phase: z.enum(PHASES),
});
export type UpdateRequestView = z.infer<typeof UpdateRequestView>;

/** What approving and rejecting answer. */
export const ActionAnswer = UpdateRequestView.extend({
  message: z.string(),
  updateRequest: z.string().describe("The request's name"),
});
export type ActionAnswer = z.infer<typeof ActionAnswer>;

const MAX_APPROVER = 256;
const MAX_REASON = 1024;

/** The body of approve and reject. */
export const ActionBody = z.object({
  approver: z.string().max(MAX_APPROVER).nullish().describe('Recorded only where nobody is authenticated'),
  reason: z.string().max(MAX_REASON).nullish(),
});
export type ActionBody = z.infer<typeof ActionBody>;

/** How many requests one call may decide about. */
export const MAX_BULK = 100;
const MAX_NAME = 253;

/** The body of the same decision about several requests. */
export const BulkBody = ActionBody.extend({
  updates: z
    .array(z.object({ namespace: z.string().max(MAX_NAME), name: z.string().max(MAX_NAME) }))
    .min(1)
    .max(MAX_BULK),
});

/** What came of it. */
export const BulkAnswer = z.object({
  success_count: z.int(),
  failed_count: z.int(),
  errors: z.array(z.string()).readonly().describe('E.g. `shop/web-1-26: HTTP 409 Conflict: …`'),
});
export type BulkAnswer = z.infer<typeof BulkAnswer>;

/** Who asks, and what they may do. */
export const SessionView = z.object({
  username: z.string(),
  mode: z.enum(['none', 'simple', 'token', 'proxy']),
  csrfToken: z.string().optional().describe('To be sent as X-CSRF-Token with whatever changes something'),
  expiresAt: z.iso.datetime().optional().describe('When the session ends unless it is used before'),
  may: z.object({
    list: z.boolean(),
    approve: z.boolean(),
    reject: z.boolean(),
    rollback: z.boolean(),
    pause: z.boolean(),
    readSettings: z.boolean(),
    changeSettings: z.boolean(),
  }),
});
export type SessionView = z.infer<typeof SessionView>;

/** Why an artifact stays or waits. */
export const BlockerShape = z.object({
  code: z.string(),
  message: z.string(),
  liftsAt: z.string().optional(),
});

/** A version that is not proposed. */
export const HoldShape = z.object({
  image: z.string().describe('What is held back'),
  version: z.string().describe('Its tag, or its digest where the tag did not change'),
  why: z.enum(HOLD_REASONS),
  by: z.string().optional(),
  at: z.string().optional(),
  message: z.string().optional(),
  request: z.string().describe('The UpdateRequest that is the hold'),
});

const ArtifactShape = z.object({
  name: z.string(),
  type: z.string(),
  image: z.string().describe('As written; <chart>:<version> of a release'),
  running: z.string().optional().describe('The version of a chart that runs, where another one is set'),
  repository: z.string().optional(),
  decision: z
    .object({
      at: z.string(),
      action: z.enum(['update', 'stay']),
      candidate: z.string().optional(),
      verified: z.boolean().optional(),
      reason: z.string(),
      blockers: z.array(BlockerShape).readonly().optional(),
    })
    .optional(),
  blockers: z.array(BlockerShape).readonly(),
  openRequest: z.string().optional(),
  holds: z.array(HoldShape).readonly().describe('Versions that are not proposed, newest first'),
});

/** A workload with each artifact's last decision and what it waits for. */
export const WorkloadShape = z.object({
  kind: z.string(),
  apiVersion: z.string(),
  namespace: z.string(),
  name: z.string(),
  policy: z.string(),
  paused: z.boolean(),
  artifacts: z.array(ArtifactShape).readonly(),
});
export type WorkloadView = Readonly<z.infer<typeof WorkloadShape>>;

/** RFC 9457, with `error` for clients of the older shape. */
export const ProblemShape = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  error: z.string().describe('The same as detail'),
  code: z.enum(Object.keys(PROBLEMS)),
  instance: z.string().optional(),
  current_phase: z.enum(PHASES).optional(),
});

const SignalShape = z.object({
  kind: z.enum(['image', 'chart']),
  registry: z.string(),
  repository: z.string(),
  tag: z.string(),
  digest: z.string().optional().describe('As the sender claims it'),
});

const OutcomeShape = z.object({
  result: z
    .enum(['created', 'known', 'stay', 'unresolved', 'unmatched', 'ignored', 'duplicate', 'refused'])
    .describe(
      'For an artifact: a request was created, was there already, is not wanted, or could not be recorded. For a signal: no workload uses it. For an entry: it is no push. For the delivery: it came before, or was refused',
    ),
  message: z.string(),
  kind: z.string().optional(),
  namespace: z.string().optional(),
  name: z.string().optional(),
  artifact: z.string().optional(),
  request: z.string().optional().describe("The UpdateRequest's name"),
});
export type WebhookOutcomeView = z.infer<typeof OutcomeShape>;

/** One webhook that came in, and what came of it. */
export const WebhookDeliveryView = z.object({
  receivedAt: z.iso.datetime(),
  sender: z
    .string()
    .describe('`registry` where /webhook/registry could not tell, `unknown` where there is no such path'),
  path: z.string(),
  status: z.int().min(100).max(599).describe('The status that it was answered with'),
  signals: z.array(SignalShape).readonly(),
  outcome: z.array(OutcomeShape).readonly(),
});
export type WebhookDeliveryView = z.infer<typeof WebhookDeliveryView>;

export const HealthShape = z.object({
  status: z.enum(['healthy', 'unhealthy']),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), message: z.string().optional() })),
});

const MAX_LIMIT = 1000;
const MAX_CONTINUE = 4096;

/** The name of a namespace, in a query. */
export const Namespace = z
  .string()
  .regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/, 'must be the name of a namespace');

const Phases = z.string().transform((text, context): Phase[] =>
  text.split(',').flatMap((word) => {
    const phase = PHASES.find((known) => known.toLowerCase() === word.trim().toLowerCase());
    if (phase !== undefined) return [phase];
    context.addIssue({ code: 'custom', message: `must be one or several of ${PHASES.join(', ')}` });
    return [];
  }),
);

// Tells our tokens from any other text that happens to be base64.
const TOKEN_MARK = 'continue ';

// Whatever the lister uses to go on, clients see it in letters that need no escaping in a URL.
const ContinueToken = z
  .string()
  .max(MAX_CONTINUE)
  .transform((token, context) => {
    const text = Buffer.from(token, 'base64url').toString('utf8');
    const position = text.slice(TOKEN_MARK.length);
    if (text.startsWith(TOKEN_MARK) && toContinueToken(position) === token) return position;
    context.addIssue({ code: 'custom', message: 'must be a token as it was given' });
    return z.NEVER;
  });

/** The token that a client gives back as `continue`. */
export function toContinueToken(position: string): string {
  return Buffer.from(`${TOKEN_MARK}${position}`, 'utf8').toString('base64url');
}

/** The query of `GET /api/v1/updates`. */
export const UpdatesQuery = z.object({
  phase: Phases.optional(),
  namespace: Namespace.optional(),
  limit: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, `must be from 1 to ${MAX_LIMIT}`)
    .max(MAX_LIMIT, `must be from 1 to ${MAX_LIMIT}`)
    .optional(),
  continue: ContinueToken.optional(),
});

/** The query of `GET /api/v1/workloads`. */
export const WorkloadsQuery = z.object({ namespace: Namespace.optional() });

/** The query of `GET /api/v1/session`. */
export const SessionQuery = z.object({ namespace: Namespace.optional() });

const MAX_ISSUES = 5;

/** What is wrong with a value, in one sentence for a person. */
export function describeIssues(error: z.ZodError): string {
  const issues = error.issues.slice(0, MAX_ISSUES).map(({ path, message }) => {
    const where = path.map(String).join('.');
    return where === '' ? message : `${where}: ${message}`;
  });
  return issues.join('; ');
}

/** The request as the API answers it. */
export function toView(request: UpdateRequest): UpdateRequestView {
  const { metadata, spec, status } = request;
  return {
    ...request,
    namespace: metadata.namespace,
    name: metadata.name,
    deployment: spec.targetRef.name,
    currentImage: spec.currentImage,
    newImage: spec.newImage,
    phase: status.phase,
  };
}
