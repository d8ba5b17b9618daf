import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLineWriter } from './line-writer.ts';

const directory = mkdtempSync(join(tmpdir(), 'headwind-lines-'));
afterAll(() => rmSync(directory, { recursive: true }));

const SCRIPT = `
  const { createLineWriter } = await import(${JSON.stringify(new URL('line-writer.ts', import.meta.url).href)});
  const { write } = createLineWriter(1);
  for (let i = 0; i < 20000; i += 1) write('line ' + i + ' ' + 'x'.repeat(80));
  process.exit(3);
`;

describe('createLineWriter', () => {
  it('loses no line when the process exits at once, into a pipe', () => {
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], { maxBuffer: 1e8 });
    expect(run.status).toBe(3);
    expect(run.stdout.toString().trimEnd().split('\n')).toHaveLength(20_000);
  });

  it('loses no line when the process exits at once, into a file', () => {
    const path = join(directory, 'out');
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], {
      stdio: ['ignore', openSync(path, 'w'), 'inherit'],
    });
    expect(run.status).toBe(3);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(20_000);
  });

  it('outlives a reader that goes away', () => {
    const command = `"$NODE" --input-type=module -e "$SCRIPT" | head -n 1 >/dev/null; exit "\${PIPESTATUS[0]}"`;
    const run = spawnSync('bash', ['-c', command], {
      env: { NODE: process.execPath, SCRIPT, PATH: process.env['PATH'] },
    });
    expect(run.status).toBe(3);
  });

  it('keeps lines for a reader that pauses, in order and whole', () => {
    let taken = '';
    let open = false;
    const writer = createLineWriter(1, (_fd, bytes) => {
      if (!open) throw Object.assign(new Error('try again'), { code: 'EAGAIN' });
      taken += Buffer.from(bytes.subarray(0, 3)).toString();
      return Math.min(3, bytes.length);
    });
    writer.write('first line');
    open = true;
    writer.write('second line');
    writer.flush();
    expect(taken).toBe('first line\nsecond line\n');
    expect(writer.dropped()).toBe(0);
  });

  it.each(['ENOSPC', 'EDQUOT'])(
    'goes on once there is room again, after a disk that was full (%s)',
    (code) => {
      let taken = '';
      let isFull = true;
      const writer = createLineWriter(1, (_fd, bytes) => {
        if (isFull) throw Object.assign(new Error('no room'), { code });
        taken += Buffer.from(bytes).toString();
        return bytes.length;
      });
      writer.write('first line');
      writer.write('second line');
      isFull = false;
      writer.write('third line');
      expect(taken).toBe('third line\n');
      expect(writer.dropped()).toBe(2);
    },
  );

  it('ends a line that a full disk has cut, so that the next one is whole', () => {
    let taken = '';
    let roomFor = 5;
    const writer = createLineWriter(1, (_fd, bytes) => {
      if (roomFor === 0) throw Object.assign(new Error('no room'), { code: 'ENOSPC' });
      const some = bytes.subarray(0, roomFor);
      roomFor -= some.length;
      taken += Buffer.from(some).toString();
      return some.length;
    });
    writer.write('first line');
    writer.write('second line');
    roomFor = 100;
    writer.write('third line');
    writer.write('fourth line');
    expect(taken).toBe('first\nthird line\nfourth line\n');
    expect(writer.dropped()).toBe(2);
  });

  it('gives lines up when too much waits, and says how many', () => {
    const writer = createLineWriter(1, () => {
      throw Object.assign(new Error('try again'), { code: 'EAGAIN' });
    });
    for (let i = 0; i < 5; i += 1) writer.write('x'.repeat(600_000));
    expect(writer.dropped()).toBe(3);
  });
});
