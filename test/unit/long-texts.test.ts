import { describe, expect, it } from 'vitest';
import { chartRepository } from '../../src/core/chart-source.ts';
import { trimmed } from '../../src/core/trimmed.ts';
import { indexAddress } from '../../src/helm/repository-url.ts';
import { parseDockerConfig } from '../../src/kubernetes/docker-config.ts';
import { locateUnder } from '../../src/triggers/webhook/sender.ts';

/** What is trimmed away at an end, a million times in the middle: in quadratic time that takes minutes. */
const many = (character: string): string => `x${character.repeat(1_000_000)}x`;

describe('texts that others send are read in linear time:', () => {
  it.each<[string, () => unknown]>([
    ['whatever is trimmed', () => trimmed(many(' '), ' ')],
    ['the registry in a webhook', () => locateUnder(many('/'), 'app')],
    [
      'the address of a chart in a registry',
      () => chartRepository({ kind: 'HelmRepository', url: `oci://host/${many('/')}` }, 'app'),
    ],
    ['the address of an index', () => indexAddress(`https://host/${many('/')}`)],
    ['a password in a pull secret', () => parseDockerConfig(config('host', many('\0')), 'dockerconfigjson')],
    [
      'a registry in a pull secret',
      () => parseDockerConfig(config(`host/${many('/')}`, 'secret'), 'dockerconfigjson'),
    ],
  ])('%s', (_what, read) => {
    expect(read()).toBeDefined();
  });
});

function config(registry: string, password: string): string {
  const auth = Buffer.from(`user:${password}`).toString('base64');
  return JSON.stringify({ auths: { [registry]: { auth } } });
}
