import { describe, expect, it } from 'vitest';
import { readWebhookHosts } from './webhook-hosts.ts';

describe('HEADWIND_WEBHOOK_HOSTS', () => {
  it.each([
    ['zot=zot.example.com', { zot: 'zot.example.com' }],
    [
      ' zot = zot.example.com , Nexus=docker.example.com:8443/team/,',
      { zot: 'zot.example.com', nexus: 'docker.example.com:8443/team' },
    ],
    ['zot=localhost', { zot: 'localhost' }],
    ['zot=[::1]:5000', { zot: '[::1]:5000' }],
  ])('%j is %j', (text, expected) => {
    const read = readWebhookHosts(text);
    expect(read.ok ? Object.fromEntries(read.value) : read).toEqual(expected);
  });

  it.each([
    ['zot', /^sender=host or sender=host\/path, .*; not one: zot$/],
    ['zot=', /not one: zot=$/],
    ['zot=a.example.com=b', /not one: zot=a\.example\.com=b$/],
    ['zto=zot.example.com', /^one of the senders acr, .*, zot, not zto$/],
    ['registry=zot.example.com', /^one of the senders/],
    ['zot=a.example.com,zot=b.example.com', /^one host for zot, not two$/],
    ['zot=https://zot.example.com', /without a scheme; not one: https:\/\/zot\.example\.com$/],
    ['zot=zot', /as it is written in image names/],
    ['zot=zot.example.com/Team', /as it is written in image names/],
    ['zot=zot.example.com:99999', /as it is written in image names/],
    ['zot=zot example.com', /as it is written in image names/],
  ])('%j is refused', (text, expected) => {
    const read = readWebhookHosts(text);
    expect(read.ok ? '' : read.error).toMatch(expected);
  });
});
