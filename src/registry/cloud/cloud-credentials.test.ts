import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import { createCloudCredentials, type CloudCredentials } from './cloud-credentials.ts';
import { CloudIdentityError, type CloudIdentity, type IssuedCredential } from './cloud-identity.ts';

const HOUR_MS = 3_600_000;
const HOST = 'team.registry.example';

interface Bench {
  readonly clock: FakeClock;
  readonly cloud: CloudCredentials;
  /** The hosts that the identity was asked for. */
  readonly asked: readonly string[];
  readonly signals: readonly AbortSignal[];
  readonly logged: readonly string[];
}

type Answer = (host: string, asked: number) => Promise<IssuedCredential | undefined>;

/** An identity for `*.registry.example` that answers as told. */
function aBench(answer: Answer, others: readonly CloudIdentity[] = []): Bench {
  const clock = new FakeClock();
  const asked: string[] = [];
  const signals: AbortSignal[] = [];
  const logged: string[] = [];
  const identity: CloudIdentity = {
    name: 'Example Cloud',
    matches: (host) => host.endsWith('.registry.example'),
    credentials: (host, signal) => {
      asked.push(host);
      signals.push(signal);
      return answer(host, asked.length);
    },
  };
  const log = (fields: object, message: string): void =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const cloud = createCloudCredentials({
    identities: [identity, ...others],
    clock,
    log: { debug: log, warn: log },
  });
  return { clock, cloud, asked, signals, logged };
}

const issued = (name: string, expiresAtMs: number): IssuedCredential => ({
  credential: { username: 'cloud', password: name },
  expiresAtMs,
});

/** Gives out `p1`, `p2`, … that live for `lifetimeMs`. */
function aBenchWithLifetime(lifetimeMs: number): Bench {
  const bench: Bench = aBench(async (_, asked) => issued(`p${asked}`, bench.clock.now() + lifetimeMs));
  return bench;
}

const passwords = async (cloud: CloudCredentials, host = HOST): Promise<readonly unknown[]> =>
  (await cloud.credentialsFor(host)).map((credential) =>
    'password' in credential ? credential.password : credential,
  );

describe('cloud credentials', () => {
  it.each(['docker.io', 'registry.example', 'team.registry.example.evil.example'])(
    'has none for %s, which is no cloud’s, and asks nobody',
    async (host) => {
      const { cloud, asked } = aBenchWithLifetime(HOUR_MS);

      expect(await cloud.credentialsFor(host)).toEqual([]);
      expect(asked).toEqual([]);
      expect(cloud.problemOf(host)).toBeUndefined();
    },
  );

  it('lets the first identity answer that matches', async () => {
    const second: CloudIdentity = {
      name: 'Second',
      matches: () => true,
      credentials: async () => issued('second', Number.MAX_SAFE_INTEGER),
    };
    const { cloud } = aBench(async () => issued('first', Number.MAX_SAFE_INTEGER), [second]);

    expect(await passwords(cloud)).toEqual(['first']);
    expect(await passwords(cloud, 'elsewhere.example')).toEqual(['second']);
  });

  it.each([
    { what: '12 h, as at ECR', lifetimeMs: 12 * HOUR_MS, usedForMs: 12 * HOUR_MS - 180_000 },
    { what: 'an hour, as at Google', lifetimeMs: HOUR_MS, usedForMs: HOUR_MS - 180_000 },
    { what: 'two minutes (half of them)', lifetimeMs: 120_000, usedForMs: 60_000 },
  ])(
    'keeps a credential that lives for $what until shortly before its end',
    async ({ lifetimeMs, usedForMs }) => {
      const { clock, cloud } = aBenchWithLifetime(lifetimeMs);

      await cloud.credentialsFor(HOST);
      await clock.advance(usedForMs - 1);
      expect(await passwords(cloud)).toEqual(['p1']);
      await clock.advance(1);
      expect(await passwords(cloud)).toEqual(['p2']);
    },
  );

  it.each([
    { to: 'forward', hours: 5 },
    { to: 'back', hours: -5 },
  ])('keeps one for as long as it lives where the clock is set $to meanwhile', async ({ hours }) => {
    const { clock, cloud } = aBenchWithLifetime(HOUR_MS);

    await cloud.credentialsFor(HOST);
    clock.jump(hours * HOUR_MS);
    await clock.advance(HOUR_MS - 180_001);
    expect(await passwords(cloud)).toEqual(['p1']);
    await clock.advance(1);
    expect(await passwords(cloud)).toEqual(['p2']);
  });

  it('looks again after a while also where the clock is set back meanwhile', async () => {
    const { clock, cloud } = aBench(async (_, asked) => {
      if (asked === 1) throw new CloudIdentityError('the role may not');
      return issued('mended', Number.MAX_SAFE_INTEGER);
    });

    await cloud.credentialsFor(HOST);
    clock.jump(-5 * HOUR_MS);
    await clock.advance(30_000);
    expect(await passwords(cloud)).toEqual(['mended']);
  });

  it('keeps the credentials of hosts apart', async () => {
    const { cloud, asked } = aBench(async (host) => issued(host, Number.MAX_SAFE_INTEGER));

    expect(await passwords(cloud, 'a.registry.example')).toEqual(['a.registry.example']);
    expect(await passwords(cloud, 'b.registry.example')).toEqual(['b.registry.example']);
    expect(asked).toEqual(['a.registry.example', 'b.registry.example']);
  });

  it('asks once for all who want to know at the same time', async () => {
    const { cloud, asked } = aBenchWithLifetime(HOUR_MS);

    const all = await Promise.all(Array.from({ length: 50 }, () => passwords(cloud)));

    expect(new Set(all.flat())).toEqual(new Set(['p1']));
    expect(asked).toHaveLength(1);
  });

  it('is quiet where there is no identity, and looks again after a while', async () => {
    const bench = aBench(async (_, asked) =>
      asked === 1 ? undefined : issued('late', Number.MAX_SAFE_INTEGER),
    );
    const { clock, cloud, logged } = bench;

    expect(await cloud.credentialsFor(HOST)).toEqual([]);
    expect(cloud.problemOf(HOST)).toBeUndefined();
    expect(logged).toEqual([
      'no cloud identity here {"identity":"Example Cloud","host":"team.registry.example"}',
    ]);
    await clock.advance(29_999);
    expect(await passwords(cloud)).toEqual([]);
    await clock.advance(1);
    expect(await passwords(cloud)).toEqual(['late']);
  });

  it('tells why nothing came, and forgets it when something comes', async () => {
    const { clock, cloud, logged } = aBench(async (_, asked) => {
      if (asked === 1) throw new CloudIdentityError('the role may not');
      return issued('mended', Number.MAX_SAFE_INTEGER);
    });

    expect(await cloud.credentialsFor(HOST)).toEqual([]);
    expect(cloud.problemOf(HOST)).toBe(
      'Example Cloud gave no credential for team.registry.example: the role may not',
    );
    expect(logged).toEqual([
      `cloud identity gives no credential ${JSON.stringify({ identity: 'Example Cloud', host: HOST, why: 'the role may not', retryInMs: 30_000 })}`,
    ]);
    await clock.advance(30_000);
    expect(await passwords(cloud)).toEqual(['mended']);
    expect(cloud.problemOf(HOST)).toBeUndefined();
  });

  it.each([
    {
      what: 'its identity is refused too',
      answer: async () => issued('refused', Number.MAX_SAFE_INTEGER),
      told: "Headwind's own identity at Example Cloud is refused too",
    },
    {
      what: 'what its problem is',
      answer: async () => {
        throw new CloudIdentityError('the role may not');
      },
      told: 'Example Cloud gave no credential for team.registry.example: the role may not',
    },
    { what: 'nothing where there is no identity', answer: async () => undefined, told: '' },
  ])('explains a refusal by $what', async ({ answer, told }) => {
    const { cloud } = aBench(answer);

    await cloud.credentialsFor(HOST);

    expect(cloud.explain(HOST)).toBe(told);
    expect(cloud.explain('docker.io')).toBe('');
  });

  it('asks a cloud that fails less and less often, at least every 5 minutes', async () => {
    const { clock, cloud, asked } = aBench(async () => {
      throw new Error('no');
    });

    const gaps: number[] = [];
    for (let before = clock.now(); asked.length < 8; await clock.advance(10_000)) {
      const count = asked.length;
      await cloud.credentialsFor(HOST);
      if (asked.length > count) gaps.push((clock.now() - before) / 1000);
      if (asked.length > count) before = clock.now();
    }

    expect(gaps).toEqual([0, 30, 60, 120, 240, 300, 300, 300]);
  });

  it('uses a credential that cannot be replaced to its end, and not longer', async () => {
    const bench: Bench = aBench(async (_, asked) => {
      if (asked > 1) throw new Error('no');
      return issued('old', bench.clock.now() + HOUR_MS);
    });
    const { clock, cloud, asked } = bench;

    await cloud.credentialsFor(HOST);
    await clock.advance(HOUR_MS - 180_000);
    expect(await passwords(cloud)).toEqual(['old']);
    expect(asked).toHaveLength(2);
    await clock.advance(179_999);
    expect(await passwords(cloud)).toEqual(['old']);
    await clock.advance(1);
    expect(await passwords(cloud)).toEqual([]);
    expect(cloud.problemOf(HOST)).toContain('no');
  });

  it.each([
    { what: 'in the past', expiresAtMs: 1 },
    { what: 'at no time', expiresAtMs: Number.NaN },
  ])('takes no credential that expires $what', async ({ expiresAtMs }) => {
    const { cloud } = aBench(async () => issued('expired', expiresAtMs));

    expect(await cloud.credentialsFor(HOST)).toEqual([]);
    expect(cloud.problemOf(HOST)).toContain('has expired already; do the clocks agree?');
  });

  it('waits 10 s for a cloud that does not answer, tells it to stop, and leaves no timer', async () => {
    const { clock, cloud, signals } = aBench(() => new Promise(() => undefined));

    const answer = cloud.credentialsFor(HOST);
    await clock.advance(10_000);

    expect(await answer).toEqual([]);
    expect(cloud.problemOf(HOST)).toContain('no answer within 10 s');
    expect(signals[0]?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('gives up what is under way when it is closed, and asks nothing more', async () => {
    const { clock, cloud, asked } = aBench(() => new Promise(() => undefined));

    const answer = cloud.credentialsFor(HOST);
    await clock.advance(0);
    cloud.close();

    expect(await answer).toEqual([]);
    expect(await cloud.credentialsFor('other.registry.example')).toEqual([]);
    expect(asked).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('survives an identity that fails after it was given up', async () => {
    const late = Promise.withResolvers<undefined>();
    const { clock, cloud } = aBench(() => late.promise);

    const answer = cloud.credentialsFor(HOST);
    await clock.advance(10_000);
    late.reject(new Error('too late'));

    expect(await answer).toEqual([]);
  });

  it('says nothing of what looks like a secret, whatever the cloud answers', async () => {
    const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJoZWFkd2luZCJ9.c2lnbmF0dXJl';
    const { cloud, logged } = aBench(async () => {
      throw new Error(`denied: ${token}\nx-amz-security-token:FwoGZXIvYXdzEA`);
    });

    await cloud.credentialsFor(HOST);

    expect(cloud.problemOf(HOST)).toBe(
      'Example Cloud gave no credential for team.registry.example: denied: [redacted]',
    );
    expect(logged.join('\n')).not.toMatch(/eyJ|FwoGZX/);
  });

  it('keeps no more than 500 hosts', async () => {
    const { cloud, asked } = aBenchWithLifetime(HOUR_MS);
    for (let number = 0; number <= 500; number += 1)
      await cloud.credentialsFor(`h${number}.registry.example`);

    await cloud.credentialsFor('h500.registry.example');
    expect(asked).toHaveLength(501);
    await cloud.credentialsFor('h0.registry.example');
    expect(asked).toHaveLength(502);
  });
});
