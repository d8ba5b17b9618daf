import type { Metafile } from 'esbuild';
import { z } from 'zod';

/** What tools/build.ts writes down beside the bundles, for those who pack them: dist/.bundled.json. */
export const Bundled = z.object({
  /** Every file of the programs by its name in dist/. */
  files: z.record(
    z.string(),
    z.object({
      /** The files that it loads, by their names in dist/. */
      imports: z.array(z.string()).readonly(),
      /** The packages that parts of it come from, as places in package-lock.json: `node_modules/zod`. */
      packages: z.array(z.string()).readonly(),
    }),
  ),
  /** The packages that the dashboard is made of. */
  ui: z.array(z.string()).readonly(),
});
export type Bundled = z.infer<typeof Bundled>;

/** What esbuild and Vite say, in short; `outdir` is how esbuild calls dist/. */
export function describeBundles(
  { outputs }: Pick<Metafile, 'outputs'>,
  { outdir, ui }: { readonly outdir: string; readonly ui: readonly string[] },
): Bundled {
  const nameOf = (path: string): string => path.slice(`${outdir}/`.length);
  const programs = Object.entries(outputs).filter(([path]) => path.endsWith('.mjs'));
  return {
    files: Object.fromEntries(
      programs.map(([path, { imports, inputs }]) => [
        nameOf(path),
        {
          imports: imports.filter(({ external }) => external !== true).map((one) => nameOf(one.path)),
          packages: packagesOf(Object.keys(inputs)),
        },
      ]),
    ),
    ui: packagesOf(ui),
  };
}

/** The files that these programs consist of, the ones that they load on demand included. */
export function filesOf({ files }: Bundled, programs: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const add = (name: string): void => {
    if (found.has(name)) return;
    const file = files[name];
    if (file === undefined) throw new Error(`dist/${name} was not built`);
    found.add(name);
    for (const one of file.imports) add(one);
  };
  for (const program of programs) add(`${program}.mjs`);
  return [...found].toSorted();
}

/** The packages whose code is in these files or in the dashboard. */
export function packagesIn({ files, ui }: Bundled, names: readonly string[]): readonly string[] {
  return [...new Set([...names.flatMap((name) => files[name]?.packages ?? []), ...ui])].toSorted();
}

/** The packages that source files belong to, each once: the part of a path up to the name behind its last `node_modules/`. */
export function packagesOf(paths: readonly string[]): readonly string[] {
  const packages = paths.flatMap(
    (path) => /node_modules\/(?:.*node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  return [...new Set(packages)].toSorted();
}
