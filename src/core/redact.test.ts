import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSecretKey, redactText } from './redact.ts';

describe('redactText', () => {
  it.each([
    ['user and password in a URL', 'GET https://bob:hunter2@reg.example.com/v2/', 'hunter2'],
    ['a token as the user of a URL', 'https://ghp_abcdef@github.com/x', 'ghp_abcdef'],
    ['a bearer token', 'Authorization: Bearer abc.DEF-123', 'abc.DEF-123'],
    ['basic credentials', 'authorization=Basic Ym9iOmh1bnRlcjI=', 'Ym9iOmh1bnRlcjI'],
    ['a JSON Web Token', 'got eyJhbGciOi.eyJzdWIiOi.c2lnbmF0', 'eyJhbGciOi'],
    ['a token in a query', 'https://x/y?access_token=s3cr3t&z=1', 's3cr3t'],
    ['a signature in a query', 'https://s3/x?X-Amz-Signature=deadbeef', 'deadbeef'],
    ['a password in quoted JSON', '{"password": "hunter2"}', 'hunter2'],
    ['the auth of a docker configuration', '{"auths":{"r":{"auth":"Ym9iOng="}}}', 'Ym9iOng='],
    ['the secret path of a webhook', 'POST /webhook/quay/4f3c9a1b', '4f3c9a1b'],
    ['the path of a Slack webhook', 'https://hooks.slack.com/services/T0/B0/XYZ', 'XYZ'],
    [
      'the path of a Teams webhook',
      'https://corp.webhook.office.com/webhookb2/a-b@c/IncomingWebhook/d',
      'a-b',
    ],
  ])('takes out %s', (_name, text, secret) => {
    const clean = redactText(text);
    expect(clean).not.toContain(secret);
    expect(clean).toContain('[redacted]');
  });

  it.each([
    ['an image with a digest', `registry.example.com:5000/shop/web:1.2@sha256:${'a'.repeat(64)}`],
    ['a plain URL', 'https://registry-1.docker.io/v2/library/nginx/manifests/1.27'],
    ['the path of a webhook without a token', 'POST /webhook/registry'],
    ['a sentence about tokens', 'the token of the service account has expired'],
  ])('leaves %s as it is', (_name, text) => {
    expect(redactText(text)).toBe(text);
  });

  it('takes time in proportion to the text, whatever it holds', () => {
    const pieces = [
      'a',
      '://',
      '@',
      'eyJ',
      '.',
      'bearer ',
      'token=',
      '"auth":"',
      '/webhook/',
      'office.',
      '-',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 4 }), (parts) => {
        // A quadratic one would take longer over these than a test may.
        const text = parts.join('').repeat(10_000);
        expect(() => redactText(text)).not.toThrow();
      }),
      { numRuns: 60 },
    );
  });
});

describe('isSecretKey', () => {
  it.each([
    'Authorization',
    'proxy-authorization',
    'identityToken',
    'registry_token',
    'password',
    'apiKey',
    'secret',
  ])('knows %s as a secret', (key) => {
    expect(isSecretKey(key)).toBe(true);
  });

  it.each(['namespace', 'secretName', 'pullSecrets', 'tag', 'author', 'authenticated', 'digest'])(
    'lets %s be seen',
    (key) => {
      expect(isSecretKey(key)).toBe(false);
    },
  );
});
