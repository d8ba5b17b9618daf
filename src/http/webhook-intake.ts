import { fail, ok, type Result } from '../core/result.ts';
import type { Authenticity, Disbelief, WebhookClaim } from '../triggers/webhook/authenticity.ts';
import type {
  WebhookContext,
  WebhookMessage,
  WebhookReading,
  WebhookSender,
} from '../triggers/webhook/sender.ts';
import { parseJson, receiveBody } from './body.ts';
import type { Ticket } from './admission.ts';
import { problem, retryAfter, type Problem } from './problem.ts';

/** Where a webhook came in. */
export interface Entrance {
  /** Absent on `/webhook/registry`, where the body tells. */
  readonly sender: WebhookSender | undefined;
  /** The last segment of the path, where there is one. */
  readonly pathToken: string | undefined;
  readonly ticket: Ticket;
}

/** What a webhook turned out to be: who sent it, and what it says. */
export interface Taken {
  readonly sender: string;
  readonly reading: WebhookReading;
  /** What the sender calls the delivery. */
  readonly ids: readonly string[];
}

export interface Refused {
  readonly sender: string;
  readonly problem: Problem;
  /** For the log alone. */
  readonly error?: unknown;
}

export interface IntakeOptions {
  readonly senders: readonly WebhookSender[];
  readonly context: WebhookContext;
  readonly authenticity: Pick<Authenticity, 'disbelief'>;
  readonly maxBodyBytes: number;
}

/** How a webhook without a known sender is called in metrics. */
export const BY_SHAPE = 'registry';
const KEYS_RETRY_SECONDS = 30;

/**
 * Takes webhooks in: reads the body, has it proven who sent it, and only then looks at what it says. On
 * `/webhook/registry` it is looked at first, as far as that is needed to tell whose rules count.
 */
export function createIntake(
  options: IntakeOptions,
): (request: Request, entrance: Entrance) => Promise<Result<Taken, Refused>> {
  const { senders, context, authenticity, maxBodyBytes } = options;

  const doubt = async (sender: WebhookSender, claim: WebhookClaim): Promise<Refused | undefined> => {
    const disbelief = await authenticity.disbelief(sender, claim);
    return disbelief && { sender: sender.name, problem: toProblem(disbelief), error: disbelief.error };
  };

  return async (request, { sender: named, pathToken, ticket }) => {
    const refused = (refusal: Problem): Result<Taken, Refused> =>
      fail({ sender: named?.name ?? BY_SHAPE, problem: refusal });
    const body = await receiveBody(request, {
      maxBytes: maxBodyBytes,
      ticket,
      formField: 'payload',
      untyped: named?.untyped === true,
    });
    if (!body.ok) return refused(body.error);
    const { headers } = request;
    const query = new URL(request.url).searchParams;
    const claim: WebhookClaim = {
      ...body.value,
      headers,
      query,
      pathToken,
      isRecognised: named === undefined,
    };
    const early = named && (await doubt(named, claim));
    if (early !== undefined) return fail(early);
    const json = parseJson(body.value.content);
    if (!json.ok) return refused(json.error);
    const message: WebhookMessage = { headers, body: json.value };
    const sender = named ?? senders.find((known) => known.recognises(message));
    if (sender === undefined) return refused(unrecognised(senders));
    const late = named === undefined ? await doubt(sender, claim) : undefined;
    return late === undefined ? read(sender, message, context) : fail(late);
  };
}

function read(
  sender: WebhookSender,
  message: WebhookMessage,
  context: WebhookContext,
): Result<Taken, Refused> {
  const reading = sender.parse(message, context);
  if (reading.ok)
    return ok({ sender: sender.name, reading: reading.value, ids: sender.deliveryIds?.(message) ?? [] });
  const detail = `The body cannot be used: ${reading.error}; expected ${sender.expects}.`;
  return fail({ sender: sender.name, problem: problem('HW_UNEXPECTED_SHAPE', detail) });
}

function unrecognised(senders: readonly WebhookSender[]): Problem {
  const names = senders.map(({ name }) => name).join(', ');
  const detail = `The body has the shape of no known sender (${names}); expected ${senders.at(-1)?.expects}, or a known sender's own. /webhook/<sender> says what that one expects.`;
  return problem('HW_UNEXPECTED_SHAPE', detail);
}

function toProblem({ kind, reason, challenge }: Disbelief): Problem {
  if (kind === 'unknown') return retryAfter(KEYS_RETRY_SECONDS, problem('HW_KEYS_UNAVAILABLE', reason));
  const refusal = problem('HW_NOT_PROVEN', reason);
  return challenge === undefined ? refusal : { ...refusal, headers: { 'www-authenticate': challenge } };
}
