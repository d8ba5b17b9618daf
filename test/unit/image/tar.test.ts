import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { directory, file, link, tar, withParents, type Entry } from '../../../tools/image/tar.ts';

const EPOCH = 1_767_225_600;
const LONG = `/usr/share/${'long-'.repeat(14)}name/${'file-'.repeat(15)}name`;

function listed(entries: readonly Entry[]): string {
  const words = ['--list', '--verbose', '--numeric-owner', '--full-time', '--utc'];
  return execFileSync('tar', words, { input: tar(entries, EPOCH), encoding: 'utf8' });
}

describe('an archive', () => {
  it('is what tar reads, in the order of paths, with the directories above', () => {
    const entries = [
      link('/lib64', 'usr/lib64'),
      file('/usr/bin/node', 'x'.repeat(600), 0o755),
      directory('/tmp', 0o1777),
      file('/etc/passwd', ''),
    ];
    expect(listed(entries).replaceAll(/ +/g, ' ').trimEnd().split('\n')).toEqual([
      'drwxr-xr-x 0/0 0 2026-01-01 00:00:00 etc/',
      '-rw-r--r-- 0/0 0 2026-01-01 00:00:00 etc/passwd',
      'lrwxrwxrwx 0/0 0 2026-01-01 00:00:00 lib64 -> usr/lib64',
      'drwxrwxrwt 0/0 0 2026-01-01 00:00:00 tmp/',
      'drwxr-xr-x 0/0 0 2026-01-01 00:00:00 usr/',
      'drwxr-xr-x 0/0 0 2026-01-01 00:00:00 usr/bin/',
      '-rwxr-xr-x 0/0 600 2026-01-01 00:00:00 usr/bin/node',
    ]);
  });

  it('is the same whatever the order in which its entries come', () => {
    const entries = [file('/a/b', '1'), file('/a/c', '2'), directory('/a', 0o700)];
    expect(tar(entries, EPOCH).equals(tar(entries.toReversed(), EPOCH))).toBe(true);
  });

  it('holds names of more than a hundred bytes', () => {
    expect(LONG.length).toBeGreaterThan(150);
    expect(listed([file(LONG, 'content')])).toContain(LONG.slice(1));
  });

  it('refuses what it cannot hold', () => {
    expect(() => tar([file(`/${'x'.repeat(101)}`, '')], EPOCH)).toThrow('too long');
    expect(() => withParents([file('/a', '1'), file('/a', '2')])).toThrow('/a is there twice');
  });
});
