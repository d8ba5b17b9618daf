import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRecordingTerminal } from '../../test/parts/recording-terminal.ts';
import { startScriptedServer, type ScriptedServer } from '../../test/parts/scripted-server.ts';
import { runHeadwind } from './headwind-program.ts';

let receiver: ScriptedServer;
let directory: string;
let answers: Record<string, number>;

beforeEach(async () => {
  answers = {};
  directory = await mkdtemp(join(tmpdir(), 'headwind-notify-'));
  receiver = await startScriptedServer(({ url }, response) => {
    response.writeHead(answers[url] ?? 200).end('ok');
  });
});
afterEach(async () => {
  await receiver.stop();
  await rm(directory, { recursive: true });
});

async function run(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const terminal = createRecordingTerminal();
  const { code } = await runHeadwind({ args: ['notify', ...args], env, terminal });
  return { code, out: terminal.outLines.join('\n'), err: terminal.errLines.join('\n') };
}

const env = (): Record<string, string> => ({
  WEBHOOK_ENABLED: 'true',
  WEBHOOK_URL: `${receiver.url}/hook?key=private`,
  WEBHOOK_SECRET: 'shared',
  SLACK_ENABLED: 'true',
  SLACK_WEBHOOK_URL: `${receiver.url}/slack/private`,
  HEADWIND_UI_URL: 'https://headwind.example.com/',
});

describe('headwind notify test', () => {
  it('sends one message, signed, to the target of the channel and to no other', async () => {
    const { code, out, err } = await run(['test', '--channel', 'webhook'], env());
    expect([code, out, err]).toEqual([0, 'webhook (webhook): delivered', '']);
    const [request, ...others] = receiver.requests;
    expect(others).toEqual([]);
    expect(JSON.parse(request?.body ?? '')).toMatchObject({
      event: 'update_request_created',
      deployment: {
        namespace: 'default',
        name: 'test-deployment',
        container: 'nginx',
        currentImage: 'nginx:1.25.0',
        newImage: 'nginx:1.26.0',
      },
      policy: 'minor',
      uiUrl: 'https://headwind.example.com',
    });
    const signature = createHmac('sha256', 'shared')
      .update(request?.body ?? '')
      .digest('hex');
    expect(request?.headers['x-headwind-signature']).toBe(`sha256=${signature}`);
  });

  it('sends to one target of the file by its name', async () => {
    const file = join(directory, 'notifications.yaml');
    const target = (name: string): string =>
      `  - { name: ${name}, type: webhook, url: "${receiver.url}/${name}" }`;
    await writeFile(file, ['targets:', target('shop'), target('ops')].join('\n'));
    const more = { ...env(), HEADWIND_NOTIFICATIONS_CONFIG: file };
    expect(await run(['test', '--target', 'ops'], more)).toMatchObject({
      code: 0,
      out: 'ops (webhook): delivered',
    });
    expect(receiver.requests.map(({ url }) => url)).toEqual(['/ops']);
  });

  it('ends with 1 and the reason where it is refused, without the address', async () => {
    answers['/hook?key=private'] = 403;
    const { code, out, err } = await run(['test', '--channel', 'webhook'], env());
    expect(code).toBe(1);
    expect(out).toMatch(/^webhook \(webhook\): refused: 127\.0\.0\.1:\d+ answered 403/);
    expect(out + err).not.toContain('private');
  });

  it('ends with 1 where nobody answers, after one try', async () => {
    answers['/slack/private'] = 503;
    const { code, out } = await run(['test', '--channel', 'slack'], env());
    expect(code).toBe(1);
    expect(out).toMatch(/^slack \(slack\): not delivered: 127\.0\.0\.1:\d+ answered 503/);
    expect(receiver.requests).toHaveLength(1);
  });

  it.each<[string, readonly string[], () => Record<string, string>, RegExp]>([
    ['nothing is configured', ['--channel', 'slack'], () => ({}), /no target of notifications is configured/],
    ['there is no such target', ['--target', 'shop'], env, /there is no target "shop"; there are: slack/],
    ['the channel has none', ['--channel', 'teams'], env, /there is no target of channel teams/],
    ['nobody is named', [], env, /--channel slack\|teams\|webhook or --target ID/],
    ['there is no such channel', ['--channel', 'pager'], env, /slack, teams, webhook/],
    [
      'a setting is wrong',
      ['--channel', 'webhook'],
      () => ({ WEBHOOK_ENABLED: 'true', WEBHOOK_URL: 'no-url' }),
      /WEBHOOK_URL/,
    ],
  ])('ends with 2 where %s, and sends nothing', async (_, args, given, expected) => {
    const { code, err } = await run(['test', ...args], given());
    expect(code).toBe(2);
    expect(err).toMatch(expected);
    expect(receiver.requests).toEqual([]);
  });
});
