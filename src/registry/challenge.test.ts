import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from './challenge.ts';

function read(header: string): readonly unknown[] {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

describe('parseChallenges', () => {
  it.each([
    {
      what: 'Docker Hub',
      header:
        'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"',
      challenges: [
        [
          'bearer',
          {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:library/nginx:pull',
          },
        ],
      ],
    },
    {
      what: 'a quoted comma',
      header: 'Bearer realm="https://a/t",scope="repository:a/b:pull,push"',
      challenges: [['bearer', { realm: 'https://a/t', scope: 'repository:a/b:pull,push' }]],
    },
    {
      what: 'an empty scope',
      header: 'Bearer realm="https://uk-london-1.ocir.io/1/docker/token",service="x",scope=""',
      challenges: [
        ['bearer', { realm: 'https://uk-london-1.ocir.io/1/docker/token', service: 'x', scope: '' }],
      ],
    },
    {
      what: 'Nexus, in capitals and with words as realm',
      header: 'BASIC realm="Sonatype Nexus Repository Manager"',
      challenges: [['basic', { realm: 'Sonatype Nexus Repository Manager' }]],
    },
    {
      what: 'two challenges in one header',
      header: 'Bearer realm="https://a/t", service="s", Basic realm="r"',
      challenges: [
        ['bearer', { realm: 'https://a/t', service: 's' }],
        ['basic', { realm: 'r' }],
      ],
    },
    {
      what: 'bare schemes among others, and the example of RFC 9110',
      header: 'Negotiate, Newauth realm="apps", type=1, title="Login to \\"apps\\"", NTLM',
      challenges: [
        ['negotiate', {}],
        ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
        ['ntlm', {}],
      ],
    },
    {
      what: 'a token68',
      header: 'Negotiate a87421000492aa874209af8bc028==, Basic realm="x"',
      challenges: [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    },
    {
      what: 'blanks around = and empty list elements',
      header: ' , Bearer realm = "https://a/t" ,, service\t=s ,',
      challenges: [['bearer', { realm: 'https://a/t', service: 's' }]],
    },
    {
      what: 'a URL without quotes',
      header: 'Bearer realm=https://a:5000/t,service=s',
      challenges: [['bearer', { realm: 'https://a:5000/t', service: 's' }]],
    },
    {
      what: 'a parameter that comes twice: the first counts',
      header: 'Bearer realm="https://good/t",Realm="https://evil/t"',
      challenges: [['bearer', { realm: 'https://good/t' }]],
    },
    { what: 'an open quote', header: 'Bearer realm="https://a/t', challenges: [['bearer', {}]] },
    { what: 'nothing', header: '', challenges: [] },
    { what: 'garbage', header: '"""===,,,', challenges: [] },
  ])('reads $what', ({ header, challenges }) => {
    expect(read(header)).toEqual(challenges);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        expect(() => parseChallenges(header)).not.toThrow();
      }),
    );
  });

  it('never takes long, however the header is built', () => {
    for (const part of ['a=', '"\\', 'a ', 'a="', ' ,', 'a a=== ', '\\"']) {
      // A quadratic reader would take longer over these than a test may.
      const hostile = part.repeat(100_000);
      expect(() => parseChallenges(hostile)).not.toThrow();
      expect(() => parseChallenges(`Bearer ${hostile}`)).not.toThrow();
    }
  });

  it('reads back every challenge that is written by the rules', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    const value = fc.string({ unit: fc.constantFrom('a', 'b', ' ', ',', '=', '"', '\\', ':', '/') });
    const challenge = fc.tuple(name, fc.dictionary(name, value, { minKeys: 1, maxKeys: 4 }));
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        const header = challenges
          .map(([scheme, parameters]) => {
            const written = Object.entries(parameters).map(
              ([key, text]) => `${key}="${text.replaceAll(/["\\]/g, '\\$&')}"`,
            );
            return `${scheme} ${written.join(', ')}`;
          })
          .join(', ');
        expect(read(header)).toEqual(challenges.map(([scheme, parameters]) => [scheme, { ...parameters }]));
      }),
    );
  });
});
