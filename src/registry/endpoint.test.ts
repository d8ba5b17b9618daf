import { describe, expect, it } from 'vitest';
import { createEndpoints } from './endpoint.ts';

const endpoints = createEndpoints(['Reg.Local:5000', '[::1]:5000', '10.0.0.9']);

describe('a repository', () => {
  it.each([
    { host: 'docker.io', path: 'library/nginx', url: 'https://registry-1.docker.io/v2/library/nginx/' },
    { host: 'ghcr.io', path: 'a/b', url: 'https://ghcr.io/v2/a/b/' },
    { host: 'reg.local:5000', path: 'a', url: 'http://reg.local:5000/v2/a/' },
    { host: 'reg.local', path: 'a', url: 'https://reg.local/v2/a/' },
    { host: '[::1]:5000', path: 'a', url: 'http://[::1]:5000/v2/a/' },
  ])('$path on $host is asked for at $url', ({ host, path, url }) => {
    expect(endpoints.repository({ host, path }).href).toBe(url);
  });
});

describe('a token server', () => {
  it.each([
    { realm: 'https://auth.docker.io/token', registry: 'https://registry-1.docker.io/', asked: true },
    { realm: 'https://auth.example.com/token?a=b', registry: 'http://reg.local:5000/', asked: true },
    { realm: 'http://reg.local:5001/token', registry: 'http://reg.local:5000/', asked: true },
    { realm: 'http://10.0.0.9/token', registry: 'http://reg.local:5000/', asked: true },
    { realm: 'http://elsewhere.example.com/token', registry: 'http://reg.local:5000/', asked: false },
    { realm: 'http://reg.local:5000/token', registry: 'https://ghcr.io/', asked: false },
    { realm: 'Sonatype Nexus Repository Manager', registry: 'https://nexus.example.com/', asked: false },
    { realm: '/token', registry: 'https://ghcr.io/', asked: false },
    { realm: 'file:///etc/passwd', registry: 'https://ghcr.io/', asked: false },
  ])('at $realm, named by $registry, may be asked: $asked', ({ realm, registry, asked }) => {
    expect(endpoints.tokenServer(realm, new URL(registry))?.href).toBe(asked ? realm : undefined);
  });

  it('is never asked with the user name and password that its address holds', () => {
    const url = endpoints.tokenServer('https://u:p@auth.example.com/t', new URL('https://ghcr.io/'));

    expect(url?.href).toBe('https://auth.example.com/t');
  });
});
