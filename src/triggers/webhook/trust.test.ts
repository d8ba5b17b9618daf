import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/parts/eventually.ts';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import { readWebhookSecrets } from '../../config/webhook-secrets.ts';
import { createRecordingLog } from '../../telemetry/recording-log.ts';
import { WEBHOOK_SENDERS } from './senders.ts';
import { createWebhookTrust, type WebhookTrust } from './trust.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headwind-secrets-'));
  file = join(directory, 'secrets.yaml');
});
afterEach(() => rm(directory, { recursive: true }));

const readText = async (path: string): Promise<string> => readFile(path, 'utf8');

async function aTrust(text: string | undefined, common?: string) {
  if (text !== undefined) await writeFile(file, text);
  const source = { common, file: text === undefined ? undefined : file, readFile: readText };
  const initial = await readWebhookSecrets(source);
  if (!initial.ok) throw new Error('the secrets cannot be read');
  const clock = new FakeClock();
  const logRoot = createRecordingLog();
  const log = logRoot.target('headwind::webhook');
  const trust = createWebhookTrust({
    ...source,
    senders: WEBHOOK_SENDERS,
    initial: initial.value,
    clock,
    log,
  });
  return { trust, clock, logRoot };
}

async function believes(trust: WebhookTrust, secret: string): Promise<boolean> {
  const zot = WEBHOOK_SENDERS.find(({ name }) => name === 'zot');
  const raw = Buffer.from('{}');
  const claim = {
    headers: new Headers({ authorization: `Bearer ${secret}` }),
    query: new URLSearchParams(),
    raw,
    content: raw,
    pathToken: undefined,
    isRecognised: false,
  };
  return zot !== undefined && (await trust.authenticity.disbelief(zot, claim)) === undefined;
}

describe('a file with secrets that changes', () => {
  it('counts from the moment it is there as a whole, and rotating leaves no gap', async () => {
    const { trust, clock } = await aTrust('zot: the-old-secret-of-zot');
    await writeFile(`${file}.new`, 'zot: [the-new-secret-of-zot, the-old-secret-of-zot]');
    await rename(`${file}.new`, file);
    await eventually(
      async () => {
        await clock.advance(2000);
        return believes(trust, 'the-new-secret-of-zot');
      },
      { what: 'the new secret counts' },
    );
    expect(await believes(trust, 'the-old-secret-of-zot')).toBe(true);

    await writeFile(file, 'zot: the-new-secret-of-zot');
    await eventually(
      async () => {
        await clock.advance(2000);
        return !(await believes(trust, 'the-old-secret-of-zot'));
      },
      { what: 'the old secret does not count any more' },
    );
    expect(await believes(trust, 'the-new-secret-of-zot')).toBe(true);
    trust.stop();
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['is emptied', ''],
    ['is half written', 'zot: ['],
    ['names nobody', 'toz: the-new-secret-of-zot'],
    ['holds something else', 'zot: { secrets: 12345678901234567 }'],
  ])('goes on to count as it was while it %s, with one warning and no secret in it', async (_name, text) => {
    const { trust, clock, logRoot } = await aTrust('zot: the-old-secret-of-zot');
    await writeFile(file, text);
    const said = (): readonly string[] =>
      logRoot.entries
        .map((record) => JSON.stringify(record))
        .filter((line) => line.includes('cannot be read'));
    await eventually(
      async () => {
        await clock.advance(2000);
        return said().length > 0;
      },
      { what: 'the warning' },
    );
    for (let look = 0; look < 5; look += 1) await clock.advance(2000);

    expect(said()).toHaveLength(1);
    expect(said()[0]).toContain(file);
    expect(said()[0]).not.toMatch(/the-new-secret|12345678/);
    expect(await believes(trust, 'the-old-secret-of-zot')).toBe(true);
    expect(await believes(trust, 'the-new-secret-of-zot')).toBe(false);
    trust.stop();
  });
});

describe('open doors', () => {
  it.each<[string, string | undefined, string | undefined, readonly string[] | 'all' | 'all but zot']>([
    ['nothing is set', undefined, undefined, 'all'],
    ['one has a secret', 'zot: the-secret-of-zot', undefined, 'all but zot'],
    ['everybody has one', undefined, 'the-secret-of-all', []],
    ['everybody has one in the file', 'all: the-secret-of-all', undefined, []],
  ])('are named once at the start where %s', async (_name, text, common, expected) => {
    const { trust, logRoot } = await aTrust(text, common);
    const all = WEBHOOK_SENDERS.map(({ name }) => name);
    const open =
      expected === 'all' ? all : expected === 'all but zot' ? all.filter((name) => name !== 'zot') : expected;

    expect(trust.authenticity.open()).toEqual(open);
    const named = logRoot.entries.map(({ fields }) => ('open' in fields ? fields.open : undefined));
    expect(named).toEqual(open.length > 0 ? [open] : []);
    trust.stop();
  });

  it('a secret that can be guessed is worth a warning, which does not tell it', async () => {
    const { trust, logRoot } = await aTrust(undefined, 'hunter2');
    const lines = logRoot.entries.map((record) => JSON.stringify(record));

    expect(lines).toEqual([expect.stringContaining('can be guessed')]);
    expect(lines[0]).not.toContain('hunter2');
    trust.stop();
  });
});
