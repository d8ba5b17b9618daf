import type { OidcSettings } from '../../config/webhook-secrets-schema.ts';
import type { WebhookSecrets } from '../../config/webhook-secrets.ts';
import type { Clock } from '../../core/clock.ts';
import type { TokenJudge } from './identity-token.ts';
import { isOneOf, toSecret, type Proof, type ProofRequest, type Secret } from './proof.ts';
import type { WebhookSender } from './sender.ts';

/** A request, with what its address says. */
export interface WebhookClaim extends ProofRequest {
  /** The last segment of `/webhook/<sender>/<token>`. */
  readonly pathToken: string | undefined;
  /** Whether the sender was told by the body's shape and headers, so that whoever sends it could choose which. */
  readonly isRecognised: boolean;
}

/** Why a request is not believed. */
export interface Disbelief {
  /** `unknown`: whether it should be cannot be told just now. */
  readonly kind: 'unproven' | 'unknown';
  /** One sentence for a person, without secrets. */
  readonly reason: string;
  /** For `WWW-Authenticate`. */
  readonly challenge?: string | undefined;
  /** For the log alone. */
  readonly error?: unknown;
}

export interface Authenticity {
  /** Undefined where the request may be acted on, else why not. Never throws. */
  disbelief(
    sender: Pick<WebhookSender, 'name' | 'proofs'>,
    claim: WebhookClaim,
  ): Promise<Disbelief | undefined>;
  /** Whose webhooks are believed without proof. */
  open(): readonly string[];
}

export interface AuthenticityOptions {
  readonly senders: readonly Pick<WebhookSender, 'name'>[];
  /** Those that hold now. */
  readonly secrets: () => WebhookSecrets;
  readonly clock: Pick<Clock, 'now'>;
}

/** What one sender may prove itself by. */
interface Keys {
  readonly secrets: readonly Secret[];
  readonly oidc: OidcSettings | undefined;
}

/** The rules made ready for comparing. */
interface Rules {
  readonly from: WebhookSecrets;
  readonly keysOf: ReadonlyMap<string, Keys>;
  readonly isAnyClosed: boolean;
}

const TOKEN_CHALLENGE = 'Bearer realm="headwind", error="invalid_token"';

/**
 * Decides who is believed. A sender that has a secret, or settings for tokens, must prove itself by one of its proofs or
 * by the secret at the end of the path; one that has none is believed on its own path. On `/webhook/registry`, where the
 * body chooses its sender, nobody without a secret is believed as soon as anybody has one: else whoever cannot sign as
 * one sender would take the form of another.
 */
export function createAuthenticity({ senders, secrets, clock }: AuthenticityOptions): Authenticity {
  let rules = toRules(senders, secrets());
  const judges = new WeakMap<OidcSettings, TokenJudge>();

  const current = (): Rules => {
    const now = secrets();
    if (now !== rules.from) rules = toRules(senders, now);
    return rules;
  };

  const judgeOf = async (settings: OidcSettings): Promise<TokenJudge> => {
    const { createTokenJudge } = await import('./identity-token.ts');
    const known = judges.get(settings) ?? createTokenJudge(settings);
    judges.set(settings, known);
    return known;
  };

  const unproven = (reason: string): Disbelief => ({ kind: 'unproven', reason, challenge: TOKEN_CHALLENGE });

  const judgeToken = async (settings: OidcSettings, claim: WebhookClaim): Promise<Disbelief | undefined> => {
    const [, token] = /^bearer +(\S+)$/i.exec(claim.headers.get('authorization') ?? '') ?? [];
    if (token === undefined) return unproven('A Bearer token in Authorization is missing.');
    const verdict = await (await judgeOf(settings)).judge(token, clock.now());
    if (verdict.kind === 'right') return undefined;
    if (verdict.kind === 'wrong') return unproven(`The token is not believed: ${verdict.reason}.`);
    const reason = 'The keys that tokens are signed with cannot be had just now.';
    return { kind: 'unknown', reason, error: verdict.error };
  };

  return {
    open: () => [...current().keysOf].flatMap(([name, keys]) => (isClosed(keys) ? [] : [name])),
    async disbelief(sender, claim) {
      const { keysOf, isAnyClosed } = current();
      const keys = keysOf.get(sender.name) ?? { secrets: [], oidc: undefined };
      if (!isClosed(keys)) return claim.isRecognised && isAnyClosed ? onItsOwnPath(sender.name) : undefined;
      const doubt = judgeSecrets(sender.proofs, keys.secrets, claim);
      if (doubt === undefined || doubt.isFinal || keys.oidc === undefined) return doubt?.disbelief;
      return judgeToken(keys.oidc, claim);
    },
  };
}

function toRules(senders: readonly Pick<WebhookSender, 'name'>[], from: WebhookSecrets): Rules {
  const keysOf = new Map(
    senders.map(({ name }): readonly [string, Keys] => {
      const texts = [...(from.own.get(name) ?? []), ...from.common];
      return [name, { secrets: texts.map(toSecret), oidc: from.oidc.get(name) }];
    }),
  );
  return { from, keysOf, isAnyClosed: [...keysOf.values()].some(isClosed) };
}

function isClosed({ secrets, oidc }: Keys): boolean {
  return secrets.length > 0 || oidc !== undefined;
}

/** What speaks against a request; `isFinal`: whatever else may speak for it. */
interface Doubt {
  readonly isFinal: boolean;
  readonly disbelief: Disbelief;
}

/** Undefined where the request is proven. Every proof is judged: a binding one that does not hold outweighs the others. */
function judgeSecrets(
  proofs: readonly Proof[],
  secrets: readonly Secret[],
  claim: WebhookClaim,
): Doubt | undefined {
  const challenge = proofs.find((proof) => proof.challenge !== undefined)?.challenge;
  const judged = proofs.map((proof) => ({ ...proof, standing: proof.judge(claim, secrets) }));
  const wrong = judged.filter(({ standing }) => standing === 'wrong');
  const broken = wrong.find(({ isBinding }) => isBinding);
  const doubt = (isFinal: boolean, reason: string): Doubt => ({
    isFinal,
    disbelief: { kind: 'unproven', reason, challenge },
  });
  if (broken !== undefined) return doubt(true, `${broken.where} does not hold.`);
  const { pathToken } = claim;
  if (pathToken !== undefined && isOneOf(secrets, pathToken)) return undefined;
  if (judged.some(({ standing }) => standing === 'right')) return undefined;
  const [first] = wrong;
  if (first !== undefined) return doubt(false, `${first.where} is not right.`);
  if (pathToken !== undefined) return doubt(false, 'The end of the path is not a secret of this sender.');
  const places = [...proofs.map(({ where }) => where), 'the secret at the end of the path'];
  return doubt(false, `A proof of who sends is missing; expected ${places.join(', or ')}.`);
}

function onItsOwnPath(name: string): Disbelief {
  const reason = `Webhooks of ${name} have no secret, and are therefore taken on /webhook/${name} only.`;
  return { kind: 'unproven', reason };
}
