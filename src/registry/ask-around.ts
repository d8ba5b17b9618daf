import type { Credential } from '../core/credential.ts';
import type { Told } from './answer.ts';
import type { Address } from './endpoint.ts';
import { Unavailable } from './failure.ts';
import type { RegistryLog } from './hosts.ts';
import { identityKey, type Identity } from './identity.ts';

/** What all identities together were told. The messages are for a person and hold no secret. */
export type Outcome<T> =
  | { readonly outcome: 'told'; readonly value: T }
  | { readonly outcome: 'missing'; readonly message: string }
  | {
      readonly outcome: 'unavailable';
      readonly message: string;
      /** When it makes sense to ask again, in milliseconds, where that is known. */
      readonly retryAfterMs?: number;
      /** The registry answered, but to nobody that it was asked as. */
      readonly denied?: boolean;
    };

export interface Round<T> {
  /** Asked first; only what one of them tells counts. */
  readonly mirrors: readonly Address[];
  readonly registry: Address;
  /** Nobody in particular last. */
  readonly identities: readonly Identity[];
  /** Why there are no credentials, where there are none, for the words. */
  readonly nobodyBecause: string | undefined;
  readonly signal: AbortSignal;
  readonly log: RegistryLog;
  /** Throws Unavailable where the answers decide nothing. */
  readonly ask: (address: Address, identity: Identity) => Promise<Told<T>>;
}

/** More are not tried: every one that is refused costs the registry, and us, a request. */
const MAX_CREDENTIALS = 8;
const USUAL_REASON = 'no imagePullSecrets of the pod or its service account are for it';

/** By key, each once, nobody in particular last. */
export function identitiesOf(credentials: readonly Credential[]): ReadonlyMap<string, Identity> {
  const identities = credentials.slice(0, MAX_CREDENTIALS);
  return new Map<string, Identity>(
    [...identities, undefined].map((identity) => [identityKey(identity), identity]),
  );
}

/**
 * Asks the mirrors in order and then the registry, each as every identity in turn. As in containerd, which pulls the
 * images, a mirror's answer is as good as the registry's, but whatever goes wrong with a mirror, and what it does not
 * have, leads on to the next (https://github.com/containerd/containerd/blob/main/docs/hosts.md). Throws Unavailable
 * where the registry itself gives no answer to go by.
 */
export async function askAround<T>(round: Round<T>): Promise<Outcome<T>> {
  const { mirrors, registry, identities, signal, log, nobodyBecause, ask } = round;
  for (const mirror of mirrors) {
    const known = mirror.takesCredentials ? identities : [undefined];
    const outcome = await askAs({ identities: known, nobodyBecause }, (identity) =>
      ask(mirror, identity),
    ).catch((error: unknown) => {
      if (!(error instanceof Unavailable) || signal.aborted) throw error;
      return { outcome: 'unavailable' as const, message: error.message };
    });
    if (outcome.outcome === 'told') return outcome;
    log.debug({ mirror: mirror.base.host, reason: outcome.message }, 'a mirror cannot tell');
  }
  return askAs({ identities, nobodyBecause }, (identity) => ask(registry, identity));
}

async function askAs<T>(
  { identities, nobodyBecause = USUAL_REASON }: Pick<Round<T>, 'identities' | 'nobodyBecause'>,
  ask: (identity: Identity) => Promise<Told<T>>,
): Promise<Outcome<T>> {
  let missing: Outcome<T> | undefined;
  let refused = '';
  for (const identity of identities) {
    // Where somebody with a credential sees nothing, nobody sees no more.
    if (identity === undefined && missing !== undefined) break;
    const told = await ask(identity);
    if (told.kind === 'told') return { outcome: 'told', value: told.value };
    // Another credential may still see it: some registries hide by 404 what they do not show.
    if (told.kind === 'missing') missing ??= { outcome: 'missing', message: told.message };
    // What it says about a credential tells more than what it says about having none.
    else if (identity !== undefined || refused === '') refused = told.message;
  }
  const message = `${refused} (${asWhom(identities.length - 1, nobodyBecause)})`;
  return missing ?? { outcome: 'unavailable', message, denied: true };
}

function asWhom(credentials: number, nobodyBecause: string): string {
  if (credentials === 0) return `asked without credentials: ${nobodyBecause}`;
  const tried = credentials === 1 ? 'one credential' : `${credentials} credentials`;
  return `asked with ${tried}, and without`;
}
