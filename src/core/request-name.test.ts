import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestLabels, requestName, type RequestIdentity } from './request-name.ts';

const IDENTITY: RequestIdentity = {
  target: { kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'u1' },
  artifact: 'nginx',
  currentImage: 'nginx:1.25.0',
  newImage: 'registry:5000/nginx:1.26.0',
  newDigest: undefined,
  attempt: 0,
};

describe('requestName', () => {
  it('starts with workload, container and new tag', () => {
    expect(requestName(IDENTITY)).toMatch(/^web-nginx-1-26-0-[0-9a-f]{8}$/);
  });

  it('is the same for the same identity', () => {
    expect(requestName({ ...IDENTITY })).toBe(requestName(IDENTITY));
  });

  it.each<[string, Partial<RequestIdentity>]>([
    ['the kind', { target: { ...IDENTITY.target, kind: 'StatefulSet' } }],
    [
      'the place where name and container meet',
      { target: { ...IDENTITY.target, name: 'web-nginx' }, artifact: '' },
    ],
    ['the workload being another one of the same name', { target: { ...IDENTITY.target, uid: 'u2' } }],
    ['the container', { artifact: 'nginx2' }],
    ['the current image', { currentImage: 'nginx:1.24.0' }],
    ['characters that names cannot hold', { newImage: 'registry:5000/nginx:1.26_0' }],
    ['the attempt', { attempt: 1 }],
  ])('differs by %s', (_, change) => {
    expect(requestName({ ...IDENTITY, ...change })).not.toBe(requestName(IDENTITY));
  });

  it('differs by the digest where the tag stays, and by nothing but the tag where that changes', () => {
    const rebuilt = { ...IDENTITY, newImage: IDENTITY.currentImage };
    expect(requestName({ ...rebuilt, newDigest: 'sha256:aa' })).not.toBe(requestName(rebuilt));
    expect(requestName({ ...IDENTITY, newDigest: 'sha256:aa' })).toBe(requestName(IDENTITY));
  });

  it('is always a DNS subdomain, whatever the identity holds', () => {
    const text = fc.string({ maxLength: 300, unit: 'binary' });
    fc.assert(
      fc.property(text, text, text, (name, artifact, newImage) => {
        const made = requestName({ ...IDENTITY, target: { ...IDENTITY.target, name }, artifact, newImage });
        expect(made).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
        expect(made.length).toBeLessThanOrEqual(253);
      }),
    );
  });
});

it('gives labels that Kubernetes accepts, whatever the names are', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?$/), (name) => {
      for (const value of Object.values(requestLabels({ kind: 'Deployment', name }, name))) {
        expect(value).toMatch(/^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/);
      }
    }),
  );
});
