import { BlockList, isIP } from 'node:net';

/** The proxies whose headers are believed. */
export interface TrustedProxies {
  /** Whether the peer of a connection is one of them; an unknown address never is. */
  includes(address: string | undefined): boolean;
}

/** `networks` are IP addresses and CIDR blocks, as the settings have checked them. */
export function createTrustedProxies(networks: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return {
    includes(address) {
      const plain = plainAddress(address);
      const family = isIP(plain);
      return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

/** The address without its zone, and as IPv4 where a socket for both families has wrapped it (`::ffff:10.0.0.1`). */
export function plainAddress(address: string | undefined): string {
  const [plain = ''] = (address ?? '').split('%');
  const [, wrapped] = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(plain) ?? [];
  return wrapped ?? plain;
}
