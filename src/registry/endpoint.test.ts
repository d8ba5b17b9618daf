import { describe, expect, it } from 'vitest';
import { DEFAULT_REGISTRY_CONFIG } from '../config/registry-hosts.ts';
import { createEndpoints } from './endpoint.ts';
import { createHostTable } from './host-table.ts';

const plain = { ...DEFAULT_REGISTRY_CONFIG.defaults, insecure: false, ca: undefined, mirrors: [] };
const mirrors = [
  { host: 'mirror.local:5000', prefix: '', sendsCredentials: false },
  { host: 'harbor.local', prefix: 'hub/all', sendsCredentials: true },
];
const config = {
  ...DEFAULT_REGISTRY_CONFIG,
  hosts: new Map([
    ['docker.io', { ...plain, mirrors }],
    ['mirror.local:5000', { ...plain, insecure: true }],
    ['port.local:80', { ...plain, insecure: true, concurrency: 1 }],
  ]),
};
const hosts = createHostTable(config, ['Reg.Local:5000', '[::1]:5000', '10.0.0.9', 'port.local:80']);
const endpoints = createEndpoints(hosts);

describe('a repository', () => {
  it.each([
    { host: 'docker.io', path: 'library/nginx', url: 'https://registry-1.docker.io/v2/library/nginx/' },
    { host: 'ghcr.io', path: 'a/b', url: 'https://ghcr.io/v2/a/b/' },
    { host: 'reg.local:5000', path: 'a', url: 'http://reg.local:5000/v2/a/' },
    { host: 'reg.local', path: 'a', url: 'https://reg.local/v2/a/' },
    { host: '[::1]:5000', path: 'a', url: 'http://[::1]:5000/v2/a/' },
  ])('$path on $host is asked for at $url', ({ host, path, url }) => {
    const address = endpoints.registry({ host, path });

    expect(address).toEqual({ base: new URL(url), path, mirrorOf: undefined, takesCredentials: true });
  });

  it('has the mirrors of its host, with the path that it has there', () => {
    expect(endpoints.mirrors({ host: 'docker.io', path: 'library/nginx' })).toEqual([
      {
        base: new URL('http://mirror.local:5000/v2/library/nginx/'),
        path: 'library/nginx',
        mirrorOf: 'docker.io',
        takesCredentials: false,
      },
      {
        base: new URL('https://harbor.local/v2/hub/all/library/nginx/'),
        path: 'hub/all/library/nginx',
        mirrorOf: 'docker.io',
        takesCredentials: true,
      },
    ]);
    expect(endpoints.mirrors({ host: 'ghcr.io', path: 'a/b' })).toEqual([]);
  });
});

describe('what is set for a host', () => {
  it.each(['https://registry-1.docker.io/v2/', 'https://index.docker.io/', 'https://docker.io:443/'])(
    'is found by the address %s',
    (url) => {
      expect(hosts.ofAddress(new URL(url)).mirrors).toEqual(mirrors);
    },
  );

  it('is found where the address leaves out the port that its scheme implies', () => {
    expect(hosts.ofAddress(new URL('http://port.local:80/v2/'))).toMatchObject({
      concurrency: 1,
      insecure: true,
    });
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
