import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import { makeSigningKey, makeToken, startKeyServer } from '../../../test/parts/identity-tokens.ts';
import type { OidcSettings } from '../../config/webhook-secrets-schema.ts';
import type { WebhookSecrets } from '../../config/webhook-secrets.ts';
import { WEBHOOK_SENDER_NAMES } from '../../core/webhook-sender-name.ts';
import { createAuthenticity, type WebhookClaim } from './authenticity.ts';
import { WEBHOOK_SENDERS } from './senders.ts';

const KEY = makeSigningKey('k1');
const EMAIL = 'push@project.iam.gserviceaccount.com';

function secretsOf(change: Partial<WebhookSecrets> = {}): WebhookSecrets {
  return { common: [], own: new Map(), oidc: new Map(), version: '1', ...change };
}

function oidc(keys: OidcSettings['keys'] = { kind: 'set', keys: [KEY.jwk] }): WebhookSecrets['oidc'] {
  const settings: OidcSettings = { issuers: ['i'], audiences: ['a'], emails: [EMAIL], leewayMs: 0, keys };
  return new Map([['gar', settings]]);
}

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly pathToken?: string;
  readonly isRecognised?: boolean;
}

function aClaim({ headers, query, pathToken, isRecognised = false }: Sent): WebhookClaim {
  const raw = Buffer.from('{}');
  const claim = { headers: new Headers(headers), query: new URLSearchParams(query), raw, content: raw };
  return { ...claim, pathToken, isRecognised };
}

/** `believed`, or why not. */
async function ask(name: string, sent: Sent, secrets: WebhookSecrets): Promise<string> {
  const sender = WEBHOOK_SENDERS.find((known) => known.name === name);
  if (sender === undefined) throw new Error(`there is no sender ${name}`);
  const clock = new FakeClock();
  const authenticity = createAuthenticity({ senders: WEBHOOK_SENDERS, secrets: () => secrets, clock });
  const disbelief = await authenticity.disbelief(sender, aClaim(sent));
  return disbelief === undefined ? 'believed' : disbelief.reason;
}

const EVERYBODY = WEBHOOK_SENDERS.map(({ name }) => name);

describe('where nobody has a secret', () => {
  it.each(EVERYBODY)('%s is believed, wherever it comes in and whatever it shows', async (name) => {
    for (const isRecognised of [false, true]) {
      expect(await ask(name, { isRecognised }, secretsOf())).toBe('believed');
      const shown = { authorization: 'x', 'x-hub-signature-256': 'x' };
      expect(await ask(name, { isRecognised, headers: shown, pathToken: 'x' }, secretsOf())).toBe('believed');
    }
  });
});

describe('where everybody has one', () => {
  const secrets = secretsOf({ common: ['for-all'] });

  it.each(EVERYBODY)('%s is believed with it at the end of the path, and not without', async (name) => {
    for (const isRecognised of [false, true]) {
      expect(await ask(name, { isRecognised, pathToken: 'for-all' }, secrets)).toBe('believed');
      expect(await ask(name, { isRecognised, pathToken: 'for-some' }, secrets)).not.toBe('believed');
      expect(await ask(name, { isRecognised }, secrets)).toMatch(
        /^A proof of who sends is missing; expected /,
      );
    }
  });
});

describe('where one sender has secrets', () => {
  const secrets = secretsOf({ own: new Map([['harbor', ['new', 'old']]]) });

  it.each(['new', 'old'])('%s is right, while one is replaced by another', async (secret) => {
    expect(await ask('harbor', { headers: { authorization: secret } }, secrets)).toBe('believed');
  });

  it.each<[string, string, Sent, string | RegExp]>([
    [
      'no proof is refused',
      'harbor',
      {},
      'A proof of who sends is missing; expected Authorization, or the secret at the end of the path.',
    ],
    [
      'a wrong one is refused',
      'harbor',
      { headers: { authorization: 'older' } },
      'Authorization is not right.',
    ],
    [
      'a wrong path is refused',
      'harbor',
      { pathToken: 'older' },
      'The end of the path is not a secret of this sender.',
    ],
    [
      'the right path outweighs the Authorization of somebody else',
      'harbor',
      { pathToken: 'old', headers: { authorization: 'x' } },
      'believed',
    ],
    ['others are believed on their own path', 'generic', {}, 'believed'],
    [
      'others are not believed where the body chooses its sender',
      'generic',
      { isRecognised: true },
      'Webhooks of generic have no secret, and are therefore taken on /webhook/generic only.',
    ],
    [
      'and not by the secret of another either',
      'generic',
      { isRecognised: true, pathToken: 'new', headers: { authorization: 'new' } },
      /only\.$/,
    ],
    [
      'its own rule counts where the body chooses',
      'harbor',
      { isRecognised: true, headers: { authorization: 'new' } },
      'believed',
    ],
  ])('%s', async (_name, sender, sent, expected) => {
    expect(await ask(sender, sent, secrets)).toMatch(expected);
  });

  it('the secret of everybody counts beside its own', async () => {
    const both = secretsOf({ common: ['for-all'], own: new Map([['harbor', ['own']]]) });
    expect(await ask('harbor', { headers: { authorization: 'own' } }, both)).toBe('believed');
    expect(await ask('harbor', { headers: { authorization: 'for-all' } }, both)).toBe('believed');
    expect(await ask('zot', { headers: { authorization: 'own' } }, both)).toBe('Authorization is not right.');
  });
});

describe('a signature that does not hold', () => {
  const secrets = secretsOf({ common: ['secret'] });

  it.each([
    ['ghcr', 'X-Hub-Signature-256'],
    ['gitea', 'X-Gitea-Signature'],
    ['nexus', 'X-Nexus-Webhook-Signature'],
    ['jfrog', 'X-JFrog-Event-Auth'],
  ])('of %s outweighs the right path', async (name, header) => {
    const sent = { pathToken: 'secret', headers: { [header]: 'sha256=00' } };
    expect(await ask(name, sent, secrets)).toBe(`${header} does not hold.`);
  });
});

describe('the tokens of Pub/Sub', () => {
  const claims = { iss: 'i', aud: 'a', email: EMAIL, email_verified: true, exp: Date.UTC(2026, 0, 2) / 1000 };
  const token = makeToken(KEY, claims);

  it.each<[string, Sent, string]>([
    ['a right one', { headers: { authorization: `Bearer ${token}` } }, 'believed'],
    [
      'one for /webhook/registry',
      { headers: { authorization: `bearer ${token}` }, isRecognised: true },
      'believed',
    ],
    [
      'a wrong one',
      { headers: { authorization: `Bearer ${token}x` } },
      'The token is not believed: the token is not signed by a known key.',
    ],
    ['none', {}, 'A Bearer token in Authorization is missing.'],
    [
      'another scheme',
      { headers: { authorization: `Basic ${token}` } },
      'A Bearer token in Authorization is missing.',
    ],
    ['a path that nobody has', { pathToken: 'x' }, 'A Bearer token in Authorization is missing.'],
  ])('%s', async (_name, sent, expected) => {
    expect(await ask('gar', sent, secretsOf({ oidc: oidc() }))).toBe(expected);
  });

  it('are one of two proofs where there is a secret too', async () => {
    const both = secretsOf({ oidc: oidc(), own: new Map([['gar', ['secret']]]) });
    expect(await ask('gar', { pathToken: 'secret' }, both)).toBe('believed');
    expect(await ask('gar', { headers: { authorization: `Bearer ${token}` } }, both)).toBe('believed');
    expect(await ask('gar', {}, both)).toBe('A Bearer token in Authorization is missing.');
  });

  it('leave it open for now where their keys cannot be had', async () => {
    const server = await startKeyServer([]);
    await server.close();
    const [gar] = WEBHOOK_SENDERS.filter(({ name }) => name === 'gar');
    const authenticity = createAuthenticity({
      senders: WEBHOOK_SENDERS,
      secrets: () => secretsOf({ oidc: oidc({ kind: 'url', url: server.url }) }),
      clock: new FakeClock(),
    });
    const claim = aClaim({ headers: { authorization: `Bearer ${token}` } });
    expect(gar && (await authenticity.disbelief(gar, claim))).toMatchObject({ kind: 'unknown' });
  });
});

describe('createAuthenticity', () => {
  it('knows who is believed without proof', () => {
    const open = (secrets: WebhookSecrets): readonly string[] =>
      createAuthenticity({ senders: WEBHOOK_SENDERS, secrets: () => secrets, clock: new FakeClock() }).open();
    expect(open(secretsOf())).toEqual(EVERYBODY);
    expect(open(secretsOf({ common: ['x'] }))).toEqual([]);
    expect(open(secretsOf({ own: new Map([['ghcr', ['x']]]), oidc: oidc() }))).toEqual(
      EVERYBODY.filter((name) => name !== 'ghcr' && name !== 'gar'),
    );
  });

  it('goes by the secrets of the moment', async () => {
    let secrets = secretsOf({ own: new Map([['zot', ['old']]]) });
    const [zot] = WEBHOOK_SENDERS.filter(({ name }) => name === 'zot');
    const authenticity = createAuthenticity({
      senders: WEBHOOK_SENDERS,
      secrets: () => secrets,
      clock: new FakeClock(),
    });
    const believes = async (secret: string): Promise<boolean> =>
      zot !== undefined &&
      (await authenticity.disbelief(zot, aClaim({ headers: { authorization: secret } }))) === undefined;
    expect(await believes('old')).toBe(true);
    expect(await believes('new')).toBe(false);

    secrets = secretsOf({ own: new Map([['zot', ['new', 'old']]]), version: '2' });
    expect([await believes('old'), await believes('new')]).toEqual([true, true]);

    secrets = secretsOf({ own: new Map([['zot', ['new']]]), version: '3' });
    expect([await believes('old'), await believes('new')]).toEqual([false, true]);
  });

  it('says how to ask again where there is a scheme for it', async () => {
    const challengeOf = async (name: string): Promise<string | undefined> => {
      const sender = WEBHOOK_SENDERS.find((known) => known.name === name);
      const secrets = secretsOf({ common: ['x'], oidc: oidc() });
      const authenticity = createAuthenticity({
        senders: WEBHOOK_SENDERS,
        secrets: () => secrets,
        clock: new FakeClock(),
      });
      return sender && (await authenticity.disbelief(sender, aClaim({})))?.challenge;
    };
    expect(await challengeOf('zot')).toBe('Bearer realm="headwind", Basic realm="headwind"');
    expect(await challengeOf('gar')).toBe('Bearer realm="headwind", error="invalid_token"');
    expect(await challengeOf('ghcr')).toBeUndefined();
  });
});

describe('the names of senders', () => {
  it('are those that settings may use', () => {
    expect(EVERYBODY.toSorted()).toEqual([...WEBHOOK_SENDER_NAMES]);
  });
});
