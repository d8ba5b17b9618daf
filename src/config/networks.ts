import { isIP } from 'node:net';
import { fail, ok, type Result } from '../core/result.ts';
import type { Reader } from './values.ts';

const EXPECTED = 'IP addresses and networks such as 10.0.0.7, 10.42.0.0/16 or fd00::/8, separated by commas';

/** IP addresses and CIDR blocks of both families, separated by commas, each once. Everybody (`/0`) is no network. */
export const readNetworks: Reader<readonly string[]> = (text) => {
  const networks: string[] = [];
  for (const part of text.split(',').map((item) => item.trim())) {
    if (part === '') continue;
    const read = readNetwork(part);
    if (!read.ok) return fail(`${EXPECTED}; ${read.error}`);
    networks.push(read.value);
  }
  return ok([...new Set(networks)]);
};

function readNetwork(text: string): Result<string> {
  const [address = '', prefix, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || more.length > 0) return fail(`not one: ${text}`);
  if (prefix === undefined) return ok(text);
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (bits === 0) return fail(`everybody would be trusted: ${text}`);
  return bits > 0 && bits <= (family === 4 ? 32 : 128) ? ok(text) : fail(`not one: ${text}`);
}
