import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createExecPlugin, type ExecPluginOptions } from './exec-plugin.ts';
import type { KubeconfigExec } from './kubeconfig.ts';

const V1 = 'client.authentication.k8s.io/v1';
let directory: string;
let clock: FakeClock;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exec-plugin-'));
  clock = new FakeClock(Date.UTC(2026, 0, 1));
});
afterEach(() => rm(directory, { recursive: true }));

/** A plugin that counts its runs in a file and then does what `script` says. */
function aPlugin(
  script: string,
  change: Partial<KubeconfigExec> = {},
  more: Partial<ExecPluginOptions> = {},
) {
  const exec: KubeconfigExec = {
    apiVersion: V1,
    command: process.execPath,
    args: [
      '-e',
      `const fs=require('node:fs');fs.appendFileSync('runs','x');const runs=fs.readFileSync('runs').length;` +
        `const answer=(status)=>console.log(JSON.stringify({apiVersion:'${V1}',kind:'ExecCredential',status}));${script}`,
    ],
    env: undefined,
    installHint: undefined,
    provideClusterInfo: undefined,
    interactiveMode: undefined,
    ...change,
  };
  // The working directory is not ours to set: the script finds its own through the environment.
  exec.args = exec.args?.map((part) => part.replaceAll("'runs'", JSON.stringify(join(directory, 'runs'))));
  return createExecPlugin({
    exec,
    cluster: { server: 'https://api.example:6443', 'certificate-authority-data': 'Y2E=' },
    env: { PATH: process.env['PATH'], INHERITED: 'yes', UNSET: undefined },
    clock,
    ...more,
  });
}

const runs = async (): Promise<number> => (await readFile(join(directory, 'runs'), 'utf8')).length;

describe('a credential plugin', () => {
  it('is asked once for all who ask at the same time, and its token is kept', async () => {
    const plugin = aPlugin('answer({token:"t"+runs})');
    expect(await Promise.all([plugin.token(), plugin.token(), plugin.clientCertificate?.()])).toEqual([
      't1',
      't1',
      undefined,
    ]);
    expect(await plugin.token()).toBe('t1');
    expect(await runs()).toBe(1);
  });

  it('is asked again shortly before the credential expires', async () => {
    const plugin = aPlugin('answer({token:"t"+runs,expirationTimestamp:"2026-01-01T00:15:00Z"})');
    expect(await plugin.token()).toBe('t1');
    await clock.advance(14 * 60_000);
    expect(await plugin.token()).toBe('t1');
    await clock.advance(55_000);
    expect(await plugin.token()).toBe('t2');
  });

  it('is asked once when the server refuses the token, for all who were refused it', async () => {
    const plugin = aPlugin('answer({token:"t"+runs})');
    await plugin.token();
    expect(await Promise.all([plugin.renew?.('t1'), plugin.renew?.('t1')])).toEqual([true, true]);
    expect(await plugin.renew?.('t1')).toBe(true);
    expect(await plugin.token()).toBe('t2');
    expect(await runs()).toBe(2);
  });

  it('may answer with a client certificate', async () => {
    const plugin = aPlugin('answer({clientCertificateData:"CERT",clientKeyData:"KEY"})');
    expect(await plugin.token()).toBeUndefined();
    expect(await plugin.clientCertificate?.()).toEqual({ cert: 'CERT', key: 'KEY' });
  });

  it('gets its arguments, its environment, the cluster if it wants, and no input', async () => {
    const plugin = aPlugin(
      `const info=JSON.parse(process.env.KUBERNETES_EXEC_INFO);
       fs.readFileSync(0);
       answer({token:JSON.stringify([process.argv[1],process.env.INHERITED,process.env.OWN,info])})`,
      { env: [{ name: 'OWN', value: 'mine' }], provideClusterInfo: true },
    );
    const info = {
      apiVersion: V1,
      kind: 'ExecCredential',
      spec: {
        interactive: false,
        cluster: { server: 'https://api.example:6443', 'certificate-authority-data': 'Y2E=' },
      },
    };
    expect(JSON.parse((await plugin.token()) ?? '')).toEqual([null, 'yes', 'mine', info]);
  });

  it('is tried again after it failed', async () => {
    const plugin = aPlugin('if(runs===1)process.exit(3);answer({token:"t"+runs})');
    await expect(plugin.token()).rejects.toThrow('failed with 3');
    expect(await plugin.token()).toBe('t2');
  });

  const failures: readonly [string, string, RegExp][] = [
    [
      'says what it complained of',
      'console.error("log in first");process.exit(1)',
      /failed with 1: log in first$/,
    ],
    ['hides what it answered', 'console.log("hunter2")', /^(?!.*hunter2).*not JSON$/],
    ['names the field', 'answer({token:7})', /status\.token cannot be used$/],
    ['wants a credential', 'answer({})', /neither a token nor a certificate$/],
    ['wants a whole certificate', 'answer({clientKeyData:"KEY"})', /half of a client certificate$/],
    [
      'wants the version that was asked for',
      `console.log(JSON.stringify({apiVersion:'client.authentication.k8s.io/v1beta1',kind:'ExecCredential',status:{token:'t'}}))`,
      /in client\.authentication\.k8s\.io\/v1beta1, but the kubeconfig says/,
    ],
    [
      'ends one that talks without end',
      'for(;;)fs.writeSync(1,"x".repeat(65536))',
      /more than 1048576 bytes$/,
    ],
  ];
  it.each(failures)('%s', async (_name, script, message) => {
    await expect(aPlugin(script).token()).rejects.toThrow(message);
  });

  const INFO = 'answer({token:JSON.stringify(JSON.parse(process.env.KUBERNETES_EXEC_INFO).spec)})';
  it.each([
    ['asks nobody where nobody is', undefined, undefined, false],
    ['asks nobody where nobody can answer', { canAnswer: false }, 'IfAvailable', false],
    ['asks who is there', { canAnswer: true }, 'IfAvailable', true],
    ['asks who is there, by an old kubeconfig', { canAnswer: true }, undefined, true],
    ['asks who is there, as it must', { canAnswer: true }, 'Always', true],
    ['asks nobody where it shall not', { canAnswer: true }, 'Never', false],
  ] as const)('%s', async (_name, person, interactiveMode, interactive) => {
    expect(await aPlugin(INFO, { interactiveMode }, { person }).token()).toBe(
      JSON.stringify({ interactive }),
    );
  });

  it('that has to ask is not started where nobody can answer', async () => {
    const plugin = aPlugin(INFO, { interactiveMode: 'Always' }, { person: { canAnswer: false } });
    await expect(plugin.token()).rejects.toThrow(/has to ask something \(interactiveMode: Always\)/);
    await expect(runs()).rejects.toThrow('ENOENT');
  });

  it('is ended when it takes too long', async () => {
    const plugin = aPlugin('setInterval(()=>{},1000)', {}, { timeoutMs: 300 });
    await expect(plugin.token()).rejects.toThrow(/was ended by SIGKILL \(limit 300 ms\)/);
  });

  it('tells how to install it when it is missing', async () => {
    const plugin = aPlugin('', {
      command: 'no-such-plugin-anywhere',
      installHint: 'Install it from the shelf.\n',
    });
    await expect(plugin.token()).rejects.toThrow(
      /no-such-plugin-anywhere cannot be started: .*ENOENT; Install it/,
    );
  });

  it('may be a script beside the kubeconfig', async () => {
    const command = join(directory, 'plugin.sh');
    const answer = JSON.stringify({ apiVersion: V1, kind: 'ExecCredential', status: { token: 'shell' } });
    await writeFile(command, `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 });
    expect(await aPlugin('', { command, args: undefined }).token()).toBe('shell');
  });
});
