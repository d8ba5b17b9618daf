// What a terminal would obey instead of show: C0 and C1 controls, and the marks that turn the writing direction.
// oxlint-disable-next-line no-control-regex -- exactly these are meant
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * The text as it may be shown at a terminal: control characters are escaped, because names, tags and messages come from
 * others and must not be able to steer the terminal.
 */
export function visible(text: string): string {
  return text.replaceAll(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
