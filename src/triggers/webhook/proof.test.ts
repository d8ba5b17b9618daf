import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SIGNATURE_VECTORS, type SignatureVector } from '../../../test/parts/webhook-signatures.ts';
import {
  authorization,
  giteaSignature,
  hubSignature,
  isOneOf,
  nexusSignature,
  secretHeader,
  secretParameter,
  toSecret,
  type Proof,
  type ProofRequest,
  type Standing,
} from './proof.ts';
import { WEBHOOK_SENDERS } from './senders.ts';

const BODY = '{"a":1}';

function aRequest(options: {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: string;
  readonly content?: string;
}): ProofRequest {
  const raw = Buffer.from(options.body ?? BODY);
  const content = options.content === undefined ? raw : Buffer.from(options.content);
  return { headers: new Headers(options.headers), query: new URLSearchParams(options.query), raw, content };
}

function secretsOf(texts: readonly string[]) {
  return texts.map((text) => toSecret(text));
}

function judge(proof: Proof, request: Parameters<typeof aRequest>[0], secrets: readonly string[]): Standing {
  return proof.judge(aRequest(request), secretsOf(secrets));
}

function proofOf({ sender, header }: SignatureVector): Proof {
  const proofs = WEBHOOK_SENDERS.find(({ name }) => name === sender)?.proofs ?? [];
  const proof = proofs.find(({ where }) => where === header);
  if (proof === undefined) throw new Error(`${sender} has no proof in ${header}`);
  return proof;
}

describe('signatures', () => {
  it.each(SIGNATURE_VECTORS)('$name: $header holds', (vector) => {
    const { header, secret, body, value } = vector;
    const proof = proofOf(vector);
    const headers = { [header]: value };

    expect(judge(proof, { headers, body }, [secret])).toBe('right');
    expect(judge(proof, { headers, body }, ['the new one', secret])).toBe('right');
    expect(judge(proof, { headers, body }, ['another'])).toBe('wrong');
    expect(judge(proof, { headers: {}, body }, [secret])).toBe('absent');
    expect(judge(proof, { headers: { [header]: '' }, body }, [secret])).toBe('absent');
  });

  it.each(SIGNATURE_VECTORS.filter(({ value, secret }) => value !== secret))(
    '$name: $header does not hold for another body, or with a digit changed, missing or too many',
    (vector) => {
      const { header, secret, body, value } = vector;
      const proof = proofOf(vector);
      const other = value.endsWith('0') ? '1' : '0';

      expect(judge(proof, { headers: { [header]: value }, body: `${body}x` }, [secret])).toBe('wrong');
      for (const wrong of [
        `${value.slice(0, -1)}${other}`,
        value.slice(0, -1),
        `${value}0`,
        `x${value}`,
        'g'.repeat(64),
      ])
        expect(judge(proof, { headers: { [header]: wrong }, body }, [secret])).toBe('wrong');
    },
  );

  it.each([
    ['digits in capitals', (mac: string) => `sha256=${mac.toUpperCase()}`, 'right'],
    ['the algorithm in capitals', (mac: string) => `SHA256=${mac}`, 'right'],
    ['no algorithm', (mac: string) => mac, 'wrong'],
    ['another algorithm', (mac: string) => `sha1=${mac}`, 'wrong'],
    ['two signatures', (mac: string) => `sha256=${mac}, sha256=${mac}`, 'wrong'],
  ] as const)('GitHub: %s', (_name, write, expected) => {
    const mac = createHmac('sha256', 'secret').update(BODY).digest('hex');

    expect(judge(hubSignature, { headers: { 'x-hub-signature-256': write(mac) } }, ['secret'])).toBe(
      expected,
    );
  });

  it('a form is signed as it is by GitHub, and by its JSON by Gitea', () => {
    const content = '{"a":1}';
    const body = `payload=${encodeURIComponent(content)}`;
    const sign = (text: string): string => createHmac('sha256', 'secret').update(text).digest('hex');
    const form = { body, content };

    expect(
      judge(hubSignature, { ...form, headers: { 'x-hub-signature-256': `sha256=${sign(body)}` } }, [
        'secret',
      ]),
    ).toBe('right');
    expect(
      judge(giteaSignature, { ...form, headers: { 'x-gitea-signature': sign(content) } }, ['secret']),
    ).toBe('right');
    expect(
      judge(giteaSignature, { ...form, headers: { 'x-gitea-signature': sign('{"a":2}') } }, ['secret']),
    ).toBe('wrong');
  });

  it.each([
    ['blanks between tokens go', '{ "a" :\t[ 1 ,\r\n 2 ] }', '{"a":[1,2]}', 'right'],
    ['blanks in strings stay', '{ "a b": "c d" }', '{"a b":"c d"}', 'right'],
    ['blanks in strings do not go', '{ "a b": "c d" }', '{"ab":"cd"}', 'wrong'],
    ['escaped quotes end no string', String.raw`{ "a": "\" b" }`, String.raw`{"a":"\" b"}`, 'right'],
    [
      'an escaped backslash ends the escape',
      String.raw`{ "a": "\\" , "b": 1 }`,
      String.raw`{"a":"\\","b":1}`,
      'right',
    ],
    ['a string that does not end', '{ "a b', '{"a b', 'right'],
    ['a backslash at the end', '"a \\', '"a \\', 'right'],
  ] as const)('Nexus: %s', (_name, body, signed, expected) => {
    const value = createHmac('sha1', 'secret').update(signed).digest('hex');

    expect(judge(nexusSignature, { body, headers: { 'x-nexus-webhook-signature': value } }, ['secret'])).toBe(
      expected,
    );
  });
});

describe('a fixed Authorization', () => {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

  it.each<[string, string, string, Standing]>([
    ['word for word', 'anything typed', 'anything typed', 'right'],
    ['word for word, with its scheme', 'Bearer abc', 'Bearer abc', 'right'],
    ['as Bearer token', 'Bearer abc', 'abc', 'right'],
    ['as Bearer token, in small letters', 'bearer  abc', 'abc', 'right'],
    ['as password', basic('zot:abc'), 'abc', 'right'],
    ['as user and password', basic('zot:abc'), 'zot:abc', 'right'],
    ['as a password with a colon', basic('zot:a:b'), 'a:b', 'right'],
    ['as header of Basic', basic('zot:abc'), basic('zot:abc'), 'right'],
    ['as user alone', basic('abc:'), 'abc', 'wrong'],
    ['another', 'Bearer abd', 'abc', 'wrong'],
    ['the start of it', 'Bearer ab', 'abc', 'wrong'],
    ['more than it', 'Bearer abcd', 'abc', 'wrong'],
    ['in other letters', 'Bearer ABC', 'abc', 'wrong'],
    ['another scheme', 'Token abc', 'abc', 'wrong'],
    ['nothing in it', '', 'abc', 'absent'],
    ['Basic that is no base64', 'Basic !!!', 'abc', 'wrong'],
  ])('%s', (_name, given, secret, expected) => {
    expect(judge(authorization, { headers: { authorization: given } }, [secret])).toBe(expected);
  });

  it('is absent where there is none', () => {
    expect(judge(authorization, {}, ['abc'])).toBe('absent');
  });
});

describe('a secret that is sent', () => {
  it.each<[string, Proof, Parameters<typeof aRequest>[0], Standing]>([
    ['in the header', secretHeader, { headers: { 'x-webhook-secret': 'abc' } }, 'right'],
    ['in the header, wrong', secretHeader, { headers: { 'x-webhook-secret': 'abd' } }, 'wrong'],
    ['not in the header', secretHeader, { query: 'secret=abc' }, 'absent'],
    ['in the address', secretParameter, { query: 'a=1&secret=abc' }, 'right'],
    ['in the address, empty', secretParameter, { query: 'secret=' }, 'wrong'],
    ['in the address, twice', secretParameter, { query: 'secret=x&secret=abc' }, 'wrong'],
    ['not in the address', secretParameter, { headers: { 'x-webhook-secret': 'abc' } }, 'absent'],
  ])('%s', (_name, proof, request, expected) => {
    expect(judge(proof, request, ['abc'])).toBe(expected);
  });

  it('is compared with all secrets', () => {
    const secrets = secretsOf(['one', 'two', 'three']);

    expect(['one', 'two', 'three', 'four', '', 'on'].map((given) => isOneOf(secrets, given))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(isOneOf([], '')).toBe(false);
  });
});
