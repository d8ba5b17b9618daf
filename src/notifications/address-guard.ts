import { BlockList, isIP } from 'node:net';

/** Under these names clouds serve the credentials of the machine. */
const METADATA_NAMES = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
]);

/** A list of its own for each guard, since `BlockList` can be changed. */
function forbiddenAddresses(): BlockList {
  const list = new BlockList();
  // Link-local (RFC 3927, RFC 4291): the clouds' metadata services are at 169.254.169.254 and its neighbours.
  list.addSubnet('169.254.0.0', 16, 'ipv4');
  list.addSubnet('fe80::', 10, 'ipv6');
  // Metadata services elsewhere: EC2 and Google by IPv6, Alibaba, Oracle's older ones, Azure's wire server.
  list.addAddress('fd00:ec2::254', 'ipv6');
  list.addAddress('fd20:ce::254', 'ipv6');
  list.addAddress('100.100.100.200', 'ipv4');
  list.addAddress('192.0.0.192', 'ipv4');
  list.addAddress('168.63.129.16', 'ipv4');
  // The same IPv4 addresses as IPv6 carries them: NAT64 (RFC 6052), 6to4 (RFC 3056), and the deprecated compatible form.
  list.addSubnet('64:ff9b::169.254.0.0', 112, 'ipv6');
  list.addSubnet('2002:a9fe::', 32, 'ipv6');
  list.addSubnet('::169.254.0.0', 112, 'ipv6');
  return list;
}

/** Tells which addresses nobody may be led to by the configuration of a target. */
export interface AddressGuard {
  /** Whether this IP address is link-local or serves metadata. */
  forbidsAddress(address: string): boolean;
  /** The same for what stands in a URL: a name that is known for it, or an address. */
  forbidsHost(host: string): boolean;
}

export function createAddressGuard(): AddressGuard {
  const list = forbiddenAddresses();
  const forbidsAddress = (address: string): boolean => {
    const [plain = ''] = address.split('%');
    const family = isIP(plain);
    // What is no address cannot be judged: better not there.
    return family === 0 || list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  };
  return {
    forbidsAddress,
    forbidsHost: (host) => {
      const plain = host
        .toLowerCase()
        .replace(/^\[(.*)\]$/, '$1')
        .replace(/\.$/, '');
      return METADATA_NAMES.has(plain) || (isIP(plain) > 0 && forbidsAddress(plain));
    },
  };
}
