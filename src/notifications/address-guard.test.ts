import { describe, expect, it } from 'vitest';
import { createAddressGuard } from './address-guard.ts';

const guard = createAddressGuard();

describe('the address guard', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '169.254.170.2',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::',
    '::a9fe:a9fe',
    'no address',
    '',
  ])('forbids %s', (address) => {
    expect(guard.forbidsAddress(address)).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '::1',
    '10.0.0.7',
    '192.168.1.1',
    '169.253.255.255',
    'fd00::1',
    '2001:db8::1',
    '34.1.2.3',
  ])('lets %s pass', (address) => {
    expect(guard.forbidsAddress(address)).toBe(false);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://0xa9fea9fe/',
    'http://2852039166/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://METADATA.google.internal./',
  ])('forbids the host of %s, however it is written', (url) => {
    expect(guard.forbidsHost(new URL(url).hostname)).toBe(true);
  });

  it.each([
    'https://hooks.slack.com/x',
    'http://receiver.shop.svc:8080/',
    'http://127.0.0.1/',
    'http://[::1]/',
  ])('lets the host of %s pass', (url) => {
    expect(guard.forbidsHost(new URL(url).hostname)).toBe(false);
  });
});
