import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextHop } from './redirect.ts';

describe('nextHop', () => {
  it.each([
    { from: 'https://a/v2/x', to: '/v2/y', url: 'https://a/v2/y', keeps: true },
    { from: 'https://a/v2/x', to: 'https://a:443/y', url: 'https://a/y', keeps: true },
    { from: 'https://a/v2/x', to: 'https://b/y', url: 'https://b/y', keeps: false },
    { from: 'https://a/v2/x', to: '//b/y', url: 'https://b/y', keeps: false },
    { from: 'https://a/v2/x', to: 'https://a:8443/y', url: 'https://a:8443/y', keeps: false },
    { from: 'https://a/v2/x', to: 'https://sub.a/y', url: 'https://sub.a/y', keeps: false },
    { from: 'http://a/v2/x', to: 'https://a/v2/x', url: 'https://a/v2/x', keeps: false },
    { from: 'https://a/v2/x', to: 'https://u:p@a/y#z', url: 'https://a/y', keeps: true },
  ])('from $from to $to keeps credentials: $keeps', ({ from, to, url, keeps }) => {
    const hop = nextHop(new URL(from), to);

    expect(hop.ok && [hop.value.url.href, hop.value.keepCredentials]).toEqual([url, keeps]);
  });

  it.each([
    { from: 'https://a/', to: 'http://a/', words: 'from https to plain http' },
    { from: 'https://a/', to: 'ftp://a/', words: 'ftp:' },
    { from: 'https://a/', to: 'data:text/plain,x', words: 'data:' },
    { from: 'https://a/', to: 'http://[', words: 'nowhere' },
    { from: 'https://a/', to: '', words: 'nowhere' },
  ])('from $from to $to is not followed', ({ from, to, words }) => {
    expect(nextHop(new URL(from), to)).toEqual({ ok: false, error: expect.stringContaining(words) });
  });

  it('never lets credentials leave the origin, nor TLS turn into plain HTTP', () => {
    const from = new URL('https://registry.example.com:5000/v2/a');
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withFragments: true }), fc.webPath(), fc.string()), (location) => {
        const hop = nextHop(from, location);
        if (!hop.ok) return;
        expect(hop.value.url.protocol).toBe('https:');
        expect(hop.value.keepCredentials).toBe(hop.value.url.host === from.host);
      }),
    );
  });
});
