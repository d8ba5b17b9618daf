/** Longer ones hardly ever come twice. */
const MAX_LENGTH = 200;

/**
 * Makes a function that puts, in an object that has just been read, one and the same string in the place of equal ones that it
 * met before: of ten thousand objects most say the same kinds, reasons, people and times, and each brings its own copy. It
 * changes the object and what is in it, and answers it. At most so many strings are remembered; then it begins anew.
 */
export function createSharedStrings(maxRemembered = 4096): <T>(read: T) => T {
  const remembered = new Map<string, string>();

  const shared = (text: string): string => {
    if (text.length > MAX_LENGTH) return text;
    const known = remembered.get(text);
    if (known !== undefined) return known;
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(text, text);
    return text;
  };
  const share = (within: object): void => {
    for (const [key, value] of Object.entries(within)) {
      if (typeof value === 'string') Reflect.set(within, key, shared(value));
      else if (typeof value === 'object' && value !== null) share(value);
    }
  };
  return (read) => {
    if (typeof read === 'object' && read !== null) share(read);
    return read;
  };
}
