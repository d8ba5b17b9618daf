/** What a page remembers in its address: every value is one text, empty ones are not written. */
export type Query = Readonly<Record<string, string>>;

/** `?a=1&b=` as an object; of a key that stands twice, the first. */
export function readQuery(search: string): Query {
  const entries = [...new URLSearchParams(search)].filter(([, value]) => value !== '');
  return Object.fromEntries(entries.toReversed());
}

/** The address' part for `query`, with its question mark, in the order of the keys; empty where nothing is to be said. */
export function writeQuery(query: Query): string {
  const entries = Object.entries(query).filter(([, value]) => value !== '');
  const text = new URLSearchParams(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))).toString();
  return text === '' ? '' : `?${text.replaceAll('%2C', ',')}`;
}

/** The query with some of its values set or, by an empty text, taken away. Whatever filters change, one starts at page 1. */
export function changeQuery(query: Query, change: Query): Query {
  const page = 'page' in change ? {} : { page: '' };
  const next = { ...query, ...page, ...change };
  return Object.fromEntries(Object.entries(next).filter(([, value]) => value !== ''));
}
