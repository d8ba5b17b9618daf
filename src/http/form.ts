const AMPERSAND = 0x26;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;

/**
 * The bytes of the first field `name` in an `application/x-www-form-urlencoded` body
 * (https://url.spec.whatwg.org/#urlencoded-parsing), or undefined if there is none. Linear in the body's length, and the
 * other fields cost nothing.
 */
export function formFieldOf(body: Uint8Array, name: string): Uint8Array | undefined {
  const form = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const first = Buffer.from(`${name}=`);
  const leads = form.subarray(0, first.length).equals(first);
  const start = leads ? 0 : form.indexOf(`&${name}=`) + 1;
  if (start === 0 && !leads) return undefined;
  const end = form.indexOf(AMPERSAND, start);
  return decode(form.subarray(start + first.length, end < 0 ? form.length : end));
}

function decode(encoded: Buffer): Uint8Array {
  const decoded = Buffer.alloc(encoded.length);
  let length = 0;
  for (let at = 0; at < encoded.length; at += 1) {
    let byte = encoded[at] ?? 0;
    if (byte === PLUS) byte = SPACE;
    const high = byte === PERCENT ? hexOf(encoded[at + 1]) : -1;
    const low = byte === PERCENT ? hexOf(encoded[at + 2]) : -1;
    if (high >= 0 && low >= 0) {
      byte = high * 16 + low;
      at += 2;
    }
    decoded[length] = byte;
    length += 1;
  }
  return decoded.subarray(0, length);
}

function hexOf(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}
