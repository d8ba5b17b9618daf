import type { lookup, LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { AddressGuard } from './address-guard.ts';

export interface GuardedLookupOptions {
  readonly guard: AddressGuard;
  /** How names become addresses. */
  readonly resolve: typeof lookup;
  /** Whether nothing is forbidden. */
  readonly allowAll: boolean;
  /** What the connection fails with where a name leads to a forbidden address. */
  readonly forbidden: () => Error;
}

/** Looks a name up and lets the socket have only what may be connected to: there is no second look-up to differ. */
export function createGuardedLookup(options: GuardedLookupOptions): LookupFunction {
  const { guard, resolve, allowAll, forbidden } = options;
  return (hostname, { all, ...rest }, callback) => {
    resolve(hostname, { ...rest, all: true }, (error, addresses: LookupAddress[]) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) callback(error ?? unknownHost(), '', 0);
      else if (!allowAll && addresses.some(({ address }) => guard.forbidsAddress(address)))
        callback(forbidden(), '', 0);
      else if (all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function unknownHost(): NodeJS.ErrnoException {
  return Object.assign(new Error('no address'), { code: 'ENOTFOUND' });
}
