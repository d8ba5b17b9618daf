import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Texts that only we can read and write. */
export interface SealedBox {
  /** `context` has to be the same for opening. Letters that need no escaping in a cookie. */
  seal(content: Uint8Array, context: string): string;
  /** Undefined for what was not sealed by one of the keys, with this context, or was changed since. */
  open(sealed: string, context: string): Buffer | undefined;
}

const ALGORITHM = 'aes-256-gcm';
const FORM = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** 32 bytes for one purpose, made of a secret text of any length (HKDF-SHA256, RFC 5869). */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `headwind ${purpose}`, KEY_BYTES));
}

/** AES-256-GCM. The first of the secrets seals, all of them open, so that one can be replaced by another without a gap. */
export function createSealedBox(secrets: readonly [string, ...string[]], purpose: string): SealedBox {
  const keys = secrets.map((secret) => deriveKey(secret, purpose));
  const [first = deriveKey(secrets[0], purpose)] = keys;

  const openWith = (key: Buffer, bytes: Buffer, context: string): Buffer | undefined => {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(1, 1 + IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(1 + IV_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch {
      return undefined;
    }
  };

  return {
    seal(content, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, first, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(context));
      const sealed = [Buffer.from([FORM]), iv, cipher.update(content), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(sealed).toString('base64url');
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < 1 + IV_BYTES + TAG_BYTES || bytes[0] !== FORM) return undefined;
      for (const key of keys) {
        const content = openWith(key, bytes, context);
        if (content !== undefined) return content;
      }
      return undefined;
    },
  };
}
