import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Query } from '../state/query.ts';
import { useServices } from '../state/services.ts';

export type ChangeQuery = (change: Query, options?: { readonly replace?: boolean }) => void;

interface FieldProps {
  readonly query: Query;
  readonly change: ChangeQuery;
}

/** Searches as one types; `/` goes there. */
export function SearchField({
  query,
  change,
  placeholder,
}: FieldProps & { readonly placeholder: string }): JSX.Element {
  const { shortcuts } = useServices();
  const input = useRef<HTMLInputElement>(null);
  const wanted = query['q'] ?? '';
  const [text, setText] = useState(wanted);
  // What was typed comes back by the address, later than one types on: only another search (a link, the way back) counts.
  const sent = useRef(new Set<string>());
  useEffect(() => {
    if (!sent.current.has(wanted)) setText(wanted);
  }, [wanted]);
  useEffect(
    () => shortcuts.add([{ keys: '/', label: 'Search', run: () => input.current?.focus() }]),
    [shortcuts],
  );
  return (
    <input
      ref={input}
      class="input search"
      type="search"
      placeholder={placeholder}
      aria-label="Search"
      aria-keyshortcuts="/"
      maxLength={256}
      value={text}
      onBlur={() => sent.current.clear()}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && text === '') event.currentTarget.blur();
      }}
      onInput={(event) => {
        const words = event.currentTarget.value.trim();
        sent.current.add(words);
        setText(event.currentTarget.value);
        change({ q: words }, { replace: true });
      }}
    />
  );
}

/** One value of those that there are, or all. */
export function ChoiceField({
  label,
  name,
  options,
  query,
  change,
}: FieldProps & {
  readonly label: string;
  readonly name: string;
  readonly options: readonly string[] | undefined;
}): JSX.Element {
  const chosen = query[name] ?? '';
  // What the address names stays to be seen, also where nothing has it (any more).
  const all = [...new Set([...(options ?? []), ...(chosen === '' ? [] : [chosen])])];
  return (
    <select
      class="input"
      aria-label={label}
      value={chosen}
      onChange={(event) => change({ [name]: event.currentTarget.value })}
    >
      <option value="">{`${label}: all`}</option>
      {all.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  );
}

/** In which order the list is; the first one is where the address says nothing. */
export function OrderField({
  orders,
  query,
  change,
}: FieldProps & {
  readonly orders: readonly { readonly value: string; readonly label: string }[];
}): JSX.Element {
  return (
    <select
      class="input"
      aria-label="Order"
      value={query['sort'] ?? ''}
      onChange={(event) => change({ sort: event.currentTarget.value })}
    >
      {orders.map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}
