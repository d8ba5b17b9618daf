import { describe, expect, it } from 'vitest';
import { indexAddress } from './repository-url.ts';

describe('the address of an index', () => {
  it.each([
    ['https://charts.example.test', 'https://charts.example.test/index.yaml'],
    ['https://charts.example.test/', 'https://charts.example.test/index.yaml'],
    ['https://charts.example.test/stable//', 'https://charts.example.test/stable/index.yaml'],
    [' http://127.0.0.1:8080/a%20b ', 'http://127.0.0.1:8080/a%20b/index.yaml'],
    ['https://charts.example.test/x?token=1&b=2#top', 'https://charts.example.test/x/index.yaml?token=1&b=2'],
  ])('of %s', (text, expected) => {
    const address = indexAddress(text);
    expect(address.ok && address.value.url.href).toBe(expected);
  });

  it('never shows the credentials that are written into it', () => {
    expect(indexAddress('https://me:p%40ss%zz@charts.example.test')).toMatchObject({
      ok: true,
      value: { credential: { username: 'me', password: 'p%40ss%zz' } },
    });
    const address = indexAddress('https://me:p%40ss@charts.example.test');
    expect(address.ok && [address.value.url.href, address.value.credential?.password]).toEqual([
      'https://charts.example.test/index.yaml',
      'p@ss',
    ]);
  });

  it.each(['', 'charts.example.test', 'oci://registry.test/x', 'file:///etc'])('%j has none', (text) => {
    expect(indexAddress(text).ok).toBe(false);
  });
});
