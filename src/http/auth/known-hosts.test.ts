import { describe, expect, it } from 'vitest';
import { isKnownHost } from './known-hosts.ts';

describe('a host under which our pages can stand', () => {
  it.each([
    ['localhost:8082', true],
    ['LOCALHOST', true],
    ['127.0.0.1:8082', true],
    ['[::1]:8082', true],
    ['10.0.0.7', true],
    ['headwind-ui', true],
    ['headwind-ui.headwind-system.svc', true],
    ['headwind-ui.headwind-system.svc.cluster.local:8082', true],
    ['demo.localhost', true],
    ['headwind.example.com', true],
    ['Headwind.Example.com:443', true],
    ['evil.example', false],
    ['localhost.evil.example', false],
    ['headwind.example.com.evil.example', false],
    ['127.0.0.1.nip.io', false],
    ['', false],
    [null, false],
    ['a b', false],
  ])('%j: %j', (host, isKnown) => {
    expect(isKnownHost(host, ['https://headwind.example.com/h', 'nonsense'])).toBe(isKnown);
  });
});
