export interface LauncherOptions {
  /** The file in dist/ without `.mjs`. */
  readonly program: string;
  /** The oldest Node that will do. */
  readonly nodeMajor: number;
  /** For Node itself. */
  readonly flags: readonly string[];
  /** What the program itself is told before everything that the caller says. */
  readonly words?: readonly string[];
  /** Environment variables for the program, where whoever calls it has not set them. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A shell script for bin/ that runs dist/<program>.mjs with a Node that is new enough: `HEADWIND_NODE`, the one on PATH,
 * or the one that `make` brought. It works through symbolic links and from every directory, and is plain POSIX sh, since
 * `readlink -f` and bash are not everywhere.
 */
export function launcher({
  program,
  nodeMajor,
  flags,
  words = [],
  environment = {},
}: LauncherOptions): string {
  const defaults = Object.entries(environment).map(
    ([name, value]) => `export ${name}="\${${name}:-${value}}"\n`,
  );
  return `#!/bin/sh
# Made by tools/build.ts: runs dist/${program}.mjs with a Node.js of at least version ${nodeMajor}.
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=$(dirname "$self")/$link ;;
  esac
done
root=$(cd "$(dirname "$self")/.." && pwd -P) || exit 1
${defaults.join('')}
new_enough() {
  major=$("$1" --version 2>/dev/null) || return 1
  major=\${major#v}
  [ "\${major%%.*}" -ge ${nodeMajor} ] 2>/dev/null
}

for node in "\${HEADWIND_NODE:-node}" "$root"/.tools/node/node_modules/*/bin/node; do
  if new_enough "$node"; then
    exec "$node" ${flags.map((flag) => `${flag} `).join('')}"$root/dist/${program}.mjs"${words.map((word) => ` ${word}`).join('')} "$@"
  fi
done
echo "${program}: needs Node.js ${nodeMajor} or newer; install it, or run \\"make\\" in $root, which brings it" >&2
exit 1
`;
}
