import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { UpdateList } from '../../../src/http/dashboard-shapes.ts';
import type { WorkloadList } from '../../../src/http/dashboard-workload-shapes.ts';
import { Dialog } from '../kit/dialog.tsx';
import { useServices, type Services } from '../state/services.ts';
import { commandsFor, type Command } from './commands.ts';

const SEARCH_AFTER_MS = 150;
const FOUND_OF_EACH = 5;

/** Goes anywhere by its name: pages, what can be done here, workloads, requests. */
export function Palette({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const services = useServices();
  const [, navigate] = useLocation();
  const [text, setText] = useState('');
  const [found, setFound] = useState<readonly Command[]>([]);
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);

  useEffect(() => {
    setFound([]);
    const words = text.trim();
    if (words === '') return undefined;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      search(services.api, words, controller.signal, navigate).then(setFound, () => setFound([]));
    }, SEARCH_AFTER_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text]);

  const commands = [...commandsFor(text, services.shortcuts.list(), navigate), ...found];
  const chosen = Math.min(at, commands.length - 1);
  const run = (command: Command | undefined): void => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const move = (by: number): void => {
    const next = Math.min(commands.length - 1, Math.max(0, chosen + by));
    setAt(next);
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <Dialog title="Go to" onClose={onClose}>
      <input
        class="input"
        role="combobox"
        autoFocus
        aria-label="Page, workload, request or command"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={commands.length === 0 ? undefined : `palette-${chosen}`}
        placeholder="Page, workload, request or command"
        maxLength={200}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (by !== undefined) move(by);
          else if (event.key === 'Enter') run(commands[chosen]);
          else return;
          event.preventDefault();
        }}
      />
      <ul class="palette" id="palette-list" role="listbox" aria-label="Where to" ref={list}>
        {commands.map((command, index) => (
          <li
            key={command.id}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === chosen}
            onClick={() => run(command)}
            onPointerMove={() => setAt(index)}
          >
            <span>{command.label}</span>
            <span class="quiet">{command.hint}</span>
          </li>
        ))}
      </ul>
      {commands.length === 0 && <p class="quiet">Nothing is called so.</p>}
    </Dialog>
  );
}

async function search(
  api: Services['api'],
  words: string,
  signal: AbortSignal,
  navigate: (path: string) => void,
): Promise<readonly Command[]> {
  const query = new URLSearchParams({ q: words, size: String(FOUND_OF_EACH) }).toString();
  const [workloads, updates] = await Promise.all([
    api.get<WorkloadList>(`/api/v1/dashboard/workloads?${query}`, signal),
    api.get<UpdateList>(`/api/v1/dashboard/updates?${query}`, signal),
  ]);
  return [
    ...workloads.rows.map(({ kind, namespace, name }) => ({
      id: `workload ${kind}/${namespace}/${name}`,
      label: name,
      hint: `${kind} in ${namespace}`,
      run: () => navigate(`/workloads/${kind}/${namespace}/${name}`),
    })),
    ...updates.rows.map(({ namespace, name, change, phase }) => ({
      id: `update ${namespace}/${name}`,
      label: name,
      hint: `${change.from.version} → ${change.to.version}, ${phase}`,
      run: () => navigate(`/updates/${namespace}/${name}`),
    })),
  ];
}
