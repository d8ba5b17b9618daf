import { trimmed } from '../core/trimmed.ts';

const NAME = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
/** What no value may hold, besides what is no byte. */
const FORBIDDEN = /[\0\r\n]|[^\0-\xff]/;
const BLANKS = '\t\n\r ';
const SET_COOKIE = 'set-cookie';

type Init = Iterable<Iterable<string>> | Readonly<Record<string, string>>;

/**
 * HTTP headers as the Fetch standard has them (https://fetch.spec.whatwg.org/#headers-class). The build puts it in the
 * place of Node's own in our servers: that one cannot be had without all of undici and HTTP/2, 10 MB of memory. Its methods
 * throw a TypeError on what is no name or no value, as the standard says.
 */
export class LightHeaders {
  readonly #values = new Map<string, string[]>();

  constructor(init?: Init | null) {
    if (init == null) return;
    if (!isPairs(init)) {
      for (const [name, value] of Object.entries(init)) this.append(name, value);
      return;
    }
    for (const pair of init) {
      const [name, value, ...more] = pair;
      if (name === undefined || value === undefined || more.length > 0)
        throw new TypeError('a header must be a name and a value');
      this.append(name, value);
    }
  }

  append(name: string, value: string): void {
    const key = keyOf(name);
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, [valueOf(value)]);
    else values.push(valueOf(value));
  }

  set(name: string, value: string): void {
    this.#values.set(keyOf(name), [valueOf(value)]);
  }

  delete(name: string): void {
    this.#values.delete(keyOf(name));
  }

  has(name: string): boolean {
    return this.#values.has(keyOf(name));
  }

  get(name: string): string | null {
    const key = keyOf(name);
    const values = this.#values.get(key);
    return values === undefined ? null : joined(key, values);
  }

  getSetCookie(): string[] {
    return [...(this.#values.get(SET_COOKIE) ?? [])];
  }

  forEach(callback: (value: string, name: string, headers: LightHeaders) => void, self?: unknown): void {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  /** Sorted by name; each `Set-Cookie` by itself. */
  *entries(): IterableIterator<[string, string]> {
    for (const name of [...this.#values.keys()].toSorted()) {
      const values = this.#values.get(name) ?? [];
      if (name === SET_COOKIE) for (const value of values) yield [name, value];
      else yield [name, joined(name, values)];
    }
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  get [Symbol.toStringTag](): string {
    return 'Headers';
  }
}

function isPairs(init: Init): init is Iterable<Iterable<string>> {
  return Symbol.iterator in init;
}

function keyOf(name: string): string {
  if (!NAME.test(name)) throw new TypeError(`${JSON.stringify(name)} is not the name of a header`);
  return name.toLowerCase();
}

function valueOf(value: string): string {
  const normalised = trimmed(value, BLANKS);
  // The value may be a secret, and is not told.
  if (FORBIDDEN.test(normalised)) throw new TypeError('a header has a character that is not allowed');
  return normalised;
}

/** As in a message: cookies of a request are separated otherwise than all else. */
function joined(name: string, values: readonly string[]): string {
  return values.join(name === 'cookie' ? '; ' : ', ');
}
