import { createHash } from 'node:crypto';

/** The digest of `bytes` as registries write it: `sha256:` and 64 hexadecimal digits. */
export function sha256Of(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Whether `text` is a digest of the one algorithm that this registry computes. */
export function isSha256(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}
