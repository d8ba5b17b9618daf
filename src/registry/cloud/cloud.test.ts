import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import { createCloud } from './cloud.ts';

const CLIENTS = ['@aws-sdk', '@smithy', 'google-auth-library', 'gaxios', '@azure'];

/** The packages of node_modules that `script`, an ES module in a process of its own, has loaded at its end. */
async function packagesLoadedBy(
  script: string,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const source = `
    import { registerHooks } from 'node:module';
    const loaded = new Set();
    registerHooks({
      load(url, context, next) {
        const found = /.*\\/node_modules\\/([^/]+)/.exec(url);
        if (found !== null) loaded.add(found[1]);
        return next(url, context);
      },
    });
    await (async () => { ${script} })();
    console.log(JSON.stringify([...loaded]));`;
  const args = ['--input-type=module', '--eval', source];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: import.meta.dirname,
    // Nothing of whoever runs the tests: neither variables nor files in the home directory.
    env: { HOME: import.meta.dirname, ...env },
  });
  const loaded: unknown = JSON.parse(stdout);
  return Array.isArray(loaded) ? loaded.map(String) : [];
}

describe('the vendors’ clients', () => {
  it('are not loaded by importing the operator', async () => {
    const loaded = await packagesLoadedBy(`await import('../../operator.ts');`);

    expect(loaded).toContain('hono');
    expect(loaded.filter((name) => CLIENTS.includes(name))).toEqual([]);
  });

  it.each([
    { host: 'registry.example', loads: [] },
    { host: '123456789012.dkr.ecr.eu-west-3.amazonaws.com', loads: ['@aws-sdk', '@smithy'] },
    { host: 'europe-docker.pkg.dev', loads: ['google-auth-library', 'gaxios'] },
    { host: 'team.azurecr.io', loads: ['@azure'] },
  ])('that are loaded when $host is met are $loads', async ({ host, loads }) => {
    const env = {
      AWS_EC2_METADATA_DISABLED: 'true',
      GOOGLE_APPLICATION_CREDENTIALS: `${import.meta.dirname}/../../../package.json`,
      AZURE_FEDERATED_TOKEN_FILE: `${import.meta.dirname}/../../../package.json`,
      AZURE_CLIENT_ID: 'client',
      AZURE_TENANT_ID: 'tenant',
      AZURE_AUTHORITY_HOST: 'https://127.0.0.1:9/',
    };
    const script = `
      const { createCloud } = await import('./cloud.ts');
      const { systemClock } = await import('../../system.ts');
      const log = { debug() {}, warn() {} };
      const cloud = createCloud({ env: process.env, clock: systemClock, log });
      await cloud.credentialsFor(${JSON.stringify(host)});
      cloud.close();`;
    const loaded = await packagesLoadedBy(script, env);

    expect(CLIENTS.filter((name) => loaded.includes(name)).toSorted()).toEqual(loads.toSorted());
  });
});

describe('a cloud that is closed', () => {
  it('leaves nothing behind', async () => {
    const clock = new FakeClock();
    const log = (): void => undefined;
    const cloud = createCloud({ env: {}, clock, log: { debug: log, warn: log } });

    cloud.close();

    expect(await cloud.credentialsFor('team.azurecr.io')).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
