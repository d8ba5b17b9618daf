import { posix } from 'node:path';

/** The rooms of the house and the floor that each is on; a room imports only from floors below its own. */
const FLOORS: Readonly<Record<string, number>> = {
  cli: 7,
  sandbox: 6,
  operator: 5,
  system: 5,
  http: 4,
  pipeline: 3,
  helm: 3,
  triggers: 2,
  kubernetes: 2,
  registry: 2,
  observability: 2,
  core: 1,
  notifications: 1,
  telemetry: 1,
  config: 1,
  scheduling: 1,
};

const FROM = /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm;
const BARE = /^\s*import\s*['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g;

/** What Node brings that core may use: it computes, and touches nothing outside. */
const PURE_MODULES = new Set(['node:crypto', 'node:path', 'node:buffer', 'node:util', 'node:net']);

/** Everything that `text` imports, as written. */
export function importsOf(text: string): readonly string[] {
  return [FROM, BARE, DYNAMIC].flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(([, specifier]) => specifier ?? []),
  );
}

/**
 * Checks the house rules on imports over `files` (path from the project's root, such as `src/core/policy.ts`, to
 * content): downward only, no siblings on a floor but core, nothing from outside `src`, no cycles, and no I/O in core.
 * The answer is one line for each violation. Tests beside the sources may import what they like.
 */
export function checkFloors(files: ReadonlyMap<string, string>): readonly string[] {
  const graph = new Map<string, readonly string[]>();
  const violations: string[] = [];
  for (const [path, text] of files) {
    if (!path.startsWith('src/') || path.endsWith('.test.ts')) continue;
    if (floorOf(path) === undefined)
      violations.push(`${path}: "${roomOf(path)}" is on no floor; see tools/floors.ts`);
    const specifiers = importsOf(text);
    const targets = specifiers.filter(isRelative).map((specifier) => resolve(path, specifier));
    graph.set(path, targets);
    for (const target of targets) {
      const why = judge(path, target, files);
      if (why !== undefined) violations.push(`${path}: imports ${target}: ${why}`);
    }
    for (const specifier of specifiers) {
      if (roomOf(path) === 'core' && specifier.startsWith('node:') && !PURE_MODULES.has(specifier))
        violations.push(`${path}: imports ${specifier}: core is pure`);
    }
  }
  return [...violations, ...findCycles(graph).map((cycle) => `import cycle: ${cycle.join(' -> ')}`)];
}

function judge(path: string, target: string, files: ReadonlyMap<string, string>): string | undefined {
  if (target === 'package.json') return undefined;
  if (!target.startsWith('src/')) return 'it is outside src';
  if (!files.has(target)) return 'there is no such file';
  if (target.endsWith('.test.ts')) return 'it is a test';
  const from = floorOf(path) ?? 0;
  const to = floorOf(target) ?? 0;
  if (roomOf(path) === roomOf(target) || to < from) return undefined;
  if (to > from) return `it is above (floor ${to}, this is floor ${from})`;
  return roomOf(target) === 'core' ? undefined : `they are siblings on floor ${from}`;
}

/** The directory or file directly below src; a file and a directory of one name are one room. */
function roomOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '');
}

function floorOf(path: string): number | undefined {
  return FLOORS[roomOf(path)];
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('./') || specifier.startsWith('../');
}

function resolve(path: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(path), specifier));
}

/** Cycles by depth-first search; each is reported once, from the file at which it was met. */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      cycles.push([...trail.slice(at), path]);
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return cycles;
}
