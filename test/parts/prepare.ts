#!/usr/bin/env node
// Brings what the tests need beside Headwind itself, and says where each part is. With names, only those; `tests` is
// all that runs without a node.
// usage: node test/parts/prepare.ts [tests | PART...]
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  cacheDirectory,
  findPart,
  MissingPartsError,
  NODE_PARTS,
  PARTS,
  requireParts,
  TEST_PARTS,
  type PartName,
} from './binaries.ts';
import { extractProgram, installPackages, isRoot, updatePackageLists } from '../../tools/debian-packages.ts';
import { downloadEnvtest } from './envtest.ts';
import { downloadRelease, RELEASED_PARTS } from './released-programs.ts';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const BUILT: ReadonlySet<PartName> = new Set([
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
]);
const DOWNLOADED: ReadonlySet<PartName> = new Set([
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kubectl',
]);

/** These need more than their own file: libraries, /etc/containers/policy.json, data. */
const INSTALLED: ReadonlySet<PartName> = new Set(['skopeo', 'chromium', 'jq', 'python3']);

const say = (line: string): void => console.log(`parts: ${line}`);

/** Brings the parts named, as far as this machine can; throws a MissingPartsError for what is missing after that. */
async function prepare(names: readonly PartName[], env: NodeJS.ProcessEnv): Promise<void> {
  const missing = (): readonly PartName[] => names.filter((name) => findPart(name, env) === undefined);
  const directory = cacheDirectory(env);
  if (missing().some((name) => BUILT.has(name) && DOWNLOADED.has(name))) await tryDownload(directory);
  if (existsSync('/etc/debian_version')) {
    await tryPackages(missing(), directory);
    const toBuild = missing().filter((name) => BUILT.has(name));
    if (toBuild.length > 0) await build('build-kubernetes.sh', directory, toBuild);
  }
  await bringReleased(missing(), directory);
  for (const [name, path] of requireParts(names, env)) say(`${name} is ${path}`);
}

async function tryDownload(directory: string): Promise<void> {
  const target = thisPlatform();
  try {
    say(`looks for the official envtest archive for ${target}`);
    say(`downloaded ${(await downloadEnvtest({ directory, platform: target })).join(', ')}`);
  } catch (error) {
    say(`not downloaded: ${reason(error)}`);
  }
}

/** What is released ready to run is downloaded; what cannot be is built from its Go modules. */
async function bringReleased(missing: readonly PartName[], directory: string): Promise<void> {
  const toBuild: PartName[] = [];
  for (const part of RELEASED_PARTS) {
    if (!missing.includes(part)) continue;
    try {
      say(`looks for the official ${part}`);
      await downloadRelease(part, { directory, platform: thisPlatform() });
    } catch (error) {
      say(`not downloaded: ${reason(error)}`);
      toBuild.push(part);
    }
  }
  if (toBuild.length > 0) await build('build-with-go.sh', directory, toBuild);
}

function thisPlatform(): string {
  return `${platform()}-${ARCHITECTURES[arch()] ?? arch()}`;
}

async function tryPackages(missing: readonly PartName[], directory: string): Promise<void> {
  const wanted = missing.filter((name) => PARTS[name].package !== undefined);
  if (wanted.length === 0) return;
  try {
    if (isRoot()) await updatePackageLists();
  } catch (error) {
    say(`apt-get update failed: ${reason(error)}`);
  }
  for (const name of wanted) {
    const part = PARTS[name];
    const packageName = part.package ?? name;
    const inPackage = 'inPackage' in part ? part.inPackage : `usr/bin/${name}`;
    try {
      say(`takes ${name} from Debian's package ${packageName}`);
      if (INSTALLED.has(name)) await installPackages([packageName]);
      else await extractProgram(packageName, { name, inPackage }, directory);
    } catch (error) {
      say(`${packageName} could not be had: ${reason(error)}`);
    }
  }
}

/** Runs a build script with its progress lines; a failure shows in what is missing afterwards. */
async function build(name: string, directory: string, names: readonly PartName[]): Promise<void> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(script, [directory, ...names], { stdio: 'inherit' });
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      say(`the build could not be started: ${reason(error)}`);
      resolve();
    });
  });
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

function isPart(name: string): name is PartName {
  return Object.hasOwn(PARTS, name);
}

const asked = process.argv.slice(2);
const names = asked.flatMap((name) => (name === 'tests' ? TEST_PARTS : [name]));
const unknown = names.filter((name) => !isPart(name));
if (unknown.length > 0) {
  console.error(`parts: unknown: ${unknown.join(', ')}; known: tests, ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
try {
  await prepare(asked.length === 0 ? [...TEST_PARTS, ...NODE_PARTS] : names.filter(isPart), process.env);
} catch (error) {
  if (!(error instanceof MissingPartsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
