import { describe, expect, it } from 'vitest';
import { readInfluxTokenOf } from './influx-token.ts';
import { readSettings } from './settings.ts';

const files: Readonly<Record<string, string>> = { '/token': 'from-file==\n', '/bad': 'two words' };
const readFile = (path: string): Promise<string> => {
  const text = files[path];
  return text === undefined ? Promise.reject(new Error('no such file')) : Promise.resolve(text);
};

describe('the token for InfluxDB', () => {
  it.each([
    ['is that of the variable', 'from-variable', undefined, 'from-variable'],
    ['is that of the variable before that of the file', 'from-variable', '/token', 'from-variable'],
    ['is what the file holds, without its end of line', undefined, '/token', 'from-file=='],
    ['is none where nobody gives one', undefined, undefined, undefined],
  ])('%s', async (_, token, file, expected) => {
    expect(await readInfluxTokenOf({ token, file, readFile })).toEqual({ ok: true, value: expected });
  });

  it.each(['/bad', '/missing'])('is a problem where %s holds none, and is not shown', async (file) => {
    const read = await readInfluxTokenOf({ token: undefined, file, readFile });
    expect(read).toMatchObject({ ok: false, error: [{ variable: 'HEADWIND_INFLUXDB_TOKEN_FILE' }] });
    expect(JSON.stringify(read)).not.toContain('two words');
  });

  it('makes `auto` ask InfluxDB, and is not shown where it cannot be used', () => {
    const right = readSettings({ HEADWIND_INFLUXDB_TOKEN: 'abc' });
    expect(right.ok && right.value.metrics.observability.influxdb).toMatchObject({ enabled: true });
    const wrong = readSettings({ HEADWIND_INFLUXDB_TOKEN: 'my secret' });
    expect(JSON.stringify(wrong)).toContain('HEADWIND_INFLUXDB_TOKEN');
    expect(JSON.stringify(wrong)).not.toContain('my secret');
  });
});
