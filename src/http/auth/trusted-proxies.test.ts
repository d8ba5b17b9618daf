import { describe, expect, it } from 'vitest';
import { createTrustedProxies } from './trusted-proxies.ts';

describe('trusted proxies', () => {
  const proxies = createTrustedProxies(['10.42.0.0/16', '192.0.2.7', 'fd00::/8', '::1']);

  it.each([
    ['10.42.0.1', true],
    ['10.42.255.255', true],
    ['10.43.0.1', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['::ffff:10.42.0.1', true],
    ['::FFFF:10.43.0.1', false],
    ['fd12::1', true],
    ['fd12::1%eth0', true],
    ['fe80::1', false],
    ['::1', true],
    ['', false],
    ['10.42.0.1, 203.0.113.9', false],
    ['unknown', false],
    [undefined, false],
  ])('%s: %j', (address, trusted) => {
    expect(proxies.includes(address)).toBe(trusted);
  });

  it('are nobody where none is set', () => {
    expect(createTrustedProxies([]).includes('127.0.0.1')).toBe(false);
  });
});
