import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../core/at-most.ts';
import type { Clock } from '../../core/clock.ts';
import { createSealedBox, deriveKey } from './sealed-box.ts';

/** A browser that is signed in. Nothing of it is kept here: it is all in the cookie, sealed. */
export interface Session {
  readonly id: string;
  /** The Kubernetes token that was given at the sign-in. */
  readonly token: string;
  /** Both in milliseconds since the Unix epoch. */
  readonly signedInAtMs: number;
  readonly renewedAtMs: number;
}

export interface Sessions {
  begin(token: string): Session;
  /** The session in a cookie's value; undefined for anything else, for one that is over and for one that was ended. */
  open(sealed: string, cookie: string): Session | undefined;
  /** The value for the cookie of that name; undefined if the token is so long that browsers would drop the cookie. */
  seal(session: Session, cookie: string): string | undefined;
  /** The same session, used just now. */
  renew(session: Session): Session;
  /** Whether it was used so long ago that its cookie should be replaced. */
  isDue(session: Session): boolean;
  /** When it is over unless it is used before. */
  expiresAtMs(session: Session): number;
  /** From now on none of its cookies opens. */
  end(session: Session): void;
  /** What a page of ours shows for a session, and no other page knows. */
  csrfToken(session: Session): string;
  isCsrfToken(session: Session, given: string | undefined): boolean;
}

export interface SessionsOptions {
  /** The first seals, all open. */
  readonly secrets: readonly [string, ...string[]];
  readonly clock: Pick<Clock, 'now'>;
}

const MINUTE_MS = 60_000;
/** Over when nobody has used it for so long. */
export const IDLE_MS = 30 * MINUTE_MS;
/** Over so long after the sign-in, whoever uses it. */
export const LONGEST_MS = 8 * 60 * MINUTE_MS;
const RENEW_AFTER_MS = 5 * MINUTE_MS;
/** By how much the clocks of two replicas may differ. */
const SKEW_MS = MINUTE_MS;
const ID_BYTES = 16;
const TIME_BYTES = 8;
const HEAD_BYTES = ID_BYTES + 2 * TIME_BYTES;
const MAX_TOKEN = 8192;
/** RFC 6265 §6.1: 4096 bytes for name, value and attributes; some of them are left for these. */
const MAX_VALUE = 3800;
const MAX_ENDED = 10_000;

/** Sessions that live in sealed cookies, so that every replica with the same key knows them. */
export function createSessions({ secrets, clock }: SessionsOptions): Sessions {
  const box = createSealedBox(secrets, 'session');
  const csrfKeys = secrets.map((secret) => deriveKey(secret, 'csrf'));
  // Of this process alone; an ended session that falls out of it is over by its age soon.
  const ended = new LRUCache<string, true>(atMost(MAX_ENDED));

  const expiresAtMs = ({ signedInAtMs, renewedAtMs }: Session): number =>
    Math.min(renewedAtMs + IDLE_MS, signedInAtMs + LONGEST_MS);
  const isOver = (session: Session): boolean => {
    const nowMs = clock.now();
    return nowMs >= expiresAtMs(session) || session.renewedAtMs > nowMs + SKEW_MS;
  };

  return {
    expiresAtMs,
    begin(token) {
      const nowMs = clock.now();
      const id = randomBytes(ID_BYTES).toString('base64url');
      return { id, token, signedInAtMs: nowMs, renewedAtMs: nowMs };
    },
    open(sealed, cookie) {
      if (sealed.length > MAX_VALUE) return undefined;
      const content = box.open(sealed, cookie);
      const session = content === undefined ? undefined : decode(content);
      return session === undefined || isOver(session) || ended.has(session.id) ? undefined : session;
    },
    seal(session, cookie) {
      if (session.token.length > MAX_TOKEN) return undefined;
      const sealed = box.seal(encode(session), cookie);
      return sealed.length > MAX_VALUE ? undefined : sealed;
    },
    renew: (session) => ({ ...session, renewedAtMs: clock.now() }),
    isDue: ({ renewedAtMs }) => clock.now() - renewedAtMs >= RENEW_AFTER_MS,
    end: ({ id }) => void ended.set(id, true),
    csrfToken: ({ id }) => sign(csrfKeys[0] ?? Buffer.alloc(0), id).toString('base64url'),
    isCsrfToken({ id }, given) {
      const bytes = Buffer.from(given ?? '', 'base64url');
      return csrfKeys.some((key) => {
        const right = sign(key, id);
        return bytes.length === right.length && timingSafeEqual(bytes, right);
      });
    },
  };
}

function sign(key: Buffer, id: string): Buffer {
  return createHmac('sha256', key).update(id).digest();
}

/** Tokens are base64 of JSON mostly, which packs well; only what is ours is ever unpacked. */
function encode({ id, token, signedInAtMs, renewedAtMs }: Session): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(id, 0, ID_BYTES, 'base64url');
  head.writeDoubleBE(signedInAtMs, ID_BYTES);
  head.writeDoubleBE(renewedAtMs, ID_BYTES + TIME_BYTES);
  return Buffer.concat([head, deflateRawSync(token, { level: 9 })]);
}

function decode(content: Buffer): Session | undefined {
  if (content.length <= HEAD_BYTES) return undefined;
  try {
    return {
      id: content.subarray(0, ID_BYTES).toString('base64url'),
      signedInAtMs: content.readDoubleBE(ID_BYTES),
      renewedAtMs: content.readDoubleBE(ID_BYTES + TIME_BYTES),
      token: inflateRawSync(content.subarray(HEAD_BYTES), { maxOutputLength: MAX_TOKEN }).toString('latin1'),
    };
  } catch {
    return undefined;
  }
}
