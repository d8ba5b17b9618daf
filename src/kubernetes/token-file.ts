import type { Clock } from '../core/clock.ts';
import type { CredentialSource } from './credential-source.ts';

// Projected tokens are replaced by the kubelet when 80 % of their life has passed; client-go re-reads each minute.
const FRESH_MS = 60_000;

/**
 * A token that lives in a file which somebody else replaces. It is read anew at most every minute and after a 401; if it cannot be
 * read for the moment, the last one that was read serves (or `fallback`). Without any, `token` throws, naming the file.
 */
export function createTokenFile(options: {
  readonly path: string;
  readonly readFile: (path: string) => Promise<string>;
  readonly clock: Clock;
  readonly fallback?: string | undefined;
}): CredentialSource {
  let last = options.fallback;
  let readAtMs = Number.NEGATIVE_INFINITY;

  async function read(): Promise<string> {
    try {
      const token = (await options.readFile(options.path)).trim();
      if (token === '') throw new Error('the file is empty');
      last = token;
      readAtMs = options.clock.elapsed();
      return token;
    } catch (cause) {
      if (last !== undefined) return last;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`the token file ${options.path} cannot be read: ${why}`, { cause });
    }
  }

  return {
    async token() {
      const fresh = options.clock.elapsed() - readAtMs < FRESH_MS;
      return fresh && last !== undefined ? last : read();
    },
    async renew(refused) {
      return (await read()) !== refused;
    },
  };
}
