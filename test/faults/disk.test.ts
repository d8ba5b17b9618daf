import { execFile } from 'node:child_process';
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SettingsView } from '../../src/http/settings-shapes.ts';
import { freePorts } from '../parts/child.ts';
import { startControlPlane, type ControlPlane } from '../parts/control-plane.ts';
import { eventually } from '../parts/eventually.ts';
import { openSettingsScene, type SettingsScene } from '../parts/settings-scene.ts';
import { makeSmallDisk, type SmallDisk } from '../parts/small-disk.ts';
import { bugsIn, knownTo, tell, theRequestFor } from '../parts/workload-views.ts';
import { openWorld, workloadOf, type World } from '../parts/world.ts';

const SOON_MS = 15_000;
const FILE = 'config.yaml';

let controlPlane: ControlPlane;
let scene: SettingsScene;
let disk: SmallDisk;
let world: World;

beforeAll(async () => {
  controlPlane = await startControlPlane({ controllers: false });
  scene = await openSettingsScene(controlPlane);
  disk = await makeSmallDisk(`echo 'refresh_interval: 25' > ${FILE}`);
  world = await openWorld(controlPlane, {
    narrow: true,
    notifies: false,
    through: disk.through,
    env: {
      HEADWIND_NAMESPACE: scene.namespace,
      HEADWIND_UI_AUTH_MODE: 'token',
      HEADWIND_VERIFY_IMAGES: 'never',
      HEADWIND_CONFIG_FILE: `${disk.directory}/${FILE}`,
    },
  });
});
afterAll(async () => {
  await world?.close();
  await disk?.remove();
  await scene?.close();
  await controlPlane?.stop();
});

interface Asked {
  readonly status: number;
  readonly body: unknown;
}

async function ask(method: string, body?: object): Promise<Asked> {
  const answer = await fetch(`${world.headwind().urls.ui}/api/v1/settings`, {
    method,
    headers: { authorization: `Bearer ${scene.people.admin}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: answer.status, body: await answer.json() };
}
const settings = async (): Promise<SettingsView> => SettingsView.parse((await ask('GET')).body);
const put = (body: object): Promise<Asked> => ask('PUT', body);
const pid = (): number => world.headwind().pid;
const onDisk = (file: string): string => disk.at(pid(), file);

const settled = (what: string, check: (now: SettingsView) => boolean): Promise<SettingsView> =>
  eventually(
    async () => {
      const now = await settings();
      if (check(now)) return now;
      throw new Error(JSON.stringify({ dashboard: now.dashboard, problems: now.problems }));
    },
    { what, timeoutMs: SOON_MS },
  );

/** As an editor or a script does that opens the file anew, and then finds no room. */
async function writeWithoutRoom(text: string): Promise<void> {
  const file = await open(onDisk(FILE), 'w');
  try {
    await disk.fill(pid());
    await expect(file.write(text)).rejects.toThrow('ENOSPC');
  } finally {
    await file.close();
  }
}

describe('a file of settings on a disk that is full', () => {
  it('that is left empty changes nothing, is told of, and counts once it has been written', async () => {
    await settled('the file counts', ({ dashboard }) => dashboard.refresh_interval === 25);
    await writeWithoutRoom('refresh_interval: 40\n');
    const view = await settled('it is told of', ({ problems }) => problems.length > 0);
    expect(view.dashboard.refresh_interval).toBe(25);
    expect(view.problems).toMatchObject([
      { effect: 'last-good', expected: expect.stringContaining('empty') },
    ]);
    // What it fixes it goes on to fix, and everything else can be changed: that is written into the cluster.
    expect(await put({ dashboard: { refresh_interval: 50 } })).toMatchObject({
      status: 409,
      body: { code: 'HW_SETTING_FIXED' },
    });
    expect((await put({ dashboard: { max_items_per_page: 33 } })).status).toBe(200);
    expect((await settings()).dashboard).toMatchObject({ refresh_interval: 25, max_items_per_page: 33 });

    await disk.free(pid());
    await writeFile(onDisk(FILE), 'refresh_interval: 40\n');
    await settled(
      'the file counts again',
      ({ dashboard, problems }) => dashboard.refresh_interval === 40 && problems.length === 0,
    );
  });

  it('that is cut in the middle of a line changes nothing', async () => {
    await writeFile(onDisk(FILE), 'refresh_interval: 70\nmax_items_per_page: "9');
    const view = await settled('it is told of', ({ problems }) => problems.length > 0);
    expect(view.dashboard.refresh_interval).toBe(40);
    await writeFile(onDisk(FILE), 'refresh_interval: 41\n');
    await settled('the file counts again', ({ dashboard }) => dashboard.refresh_interval === 41);
  });

  it('that vanishes changes nothing until it is back', async () => {
    await rename(onDisk(FILE), onDisk('elsewhere'));
    const view = await settled('it is told of', ({ problems }) => problems.length > 0);
    expect(view.problems[0]?.expected).toContain('ENOENT');
    expect(view.dashboard.refresh_interval).toBe(41);
    await rename(onDisk('elsewhere'), onDisk(FILE));
    await settled('all is well again', ({ problems }) => problems.length === 0);
  });
});

describe('a program that may write no file at all', () => {
  it('changes settings and proposes updates as ever, and leaves its files as they were', async () => {
    const before = await readFile(onDisk(FILE), 'utf8');
    await promisify(execFile)('prlimit', ['--pid', String(pid()), '--fsize=0:0']);
    expect((await put({ dashboard: { max_items_per_page: 44 } })).status).toBe(200);
    expect((await settings()).dashboard.max_items_per_page).toBe(44);
    const images = { app: 'registry.test/disk:1.0.0' };
    await world.create('deployments', workloadOf('Deployment', { name: 'disk', images }));
    await knownTo(world, 'disk');
    expect((await tell(world, 'registry.test/disk', '1.1.0')).status).toBe(200);
    await theRequestFor(world, 'disk', { phase: 'Pending' });
    expect(await readFile(onDisk(FILE), 'utf8')).toBe(before);
  });
});

describe('a cluster whose own disk is full', () => {
  const alarm = async (action: 'ACTIVATE' | 'DEACTIVATE'): Promise<void> => {
    const answer = await fetch(`${controlPlane.etcdUrl}/v3/maintenance/alarm`, {
      method: 'POST',
      body: JSON.stringify({ action, alarm: 'NOSPACE', memberID: '0' }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  };

  it('refuses a change of settings with the cause, nothing changes, and it goes through afterwards', async () => {
    const before = await settings();
    await alarm('ACTIVATE');
    try {
      expect(await put({ dashboard: { max_items_per_page: 55 } })).toMatchObject({
        status: 500,
        body: {
          code: 'HW_SETTINGS_NOT_WRITTEN',
          detail: expect.stringContaining('database space exceeded'),
        },
      });
      expect(await settings()).toEqual(before);
    } finally {
      await alarm('DEACTIVATE');
    }
    await eventually(async () => (await put({ dashboard: { max_items_per_page: 55 } })).status === 200, {
      what: 'it goes through',
      timeoutMs: SOON_MS,
    });
    expect((await settings()).dashboard.max_items_per_page).toBe(55);
  });

  it('and nothing of it is a mistake of the program', () => {
    expect(bugsIn(world)).toEqual([]);
  });
});

describe('a log on a disk that is full', () => {
  it('stops nothing, and goes on once there is room', async () => {
    const small = await makeSmallDisk();
    const [webhookPort = 0] = await freePorts(1);
    const through = [...small.through, 'sh', '-c', 'exec "$@" > "$0"', `${small.directory}/log`];
    const logging = await openWorld(controlPlane, {
      narrow: true,
      notifies: false,
      through,
      shared: { registry: world.registry, webhookPort },
      env: { HEADWIND_VERIFY_IMAGES: 'never', HEADWIND_LEADER_ELECTION: 'false' },
    });
    try {
      const { pid: process } = logging.headwind();
      await small.fill(process);
      const images = { app: 'registry.test/logged:1.0.0' };
      await logging.create('deployments', workloadOf('Deployment', { name: 'logged', images }));
      await knownTo(logging, 'logged');
      expect((await tell(logging, 'registry.test/logged', '1.1.0')).status).toBe(200);
      await theRequestFor(logging, 'logged', { phase: 'Pending' });
      await small.free(process);
      await eventually(
        async () => {
          await tell(logging, 'registry.test/logged', '1.2.0');
          const log = await readFile(small.at(process, 'log'), 'utf8');
          return log.includes('1.2.0');
        },
        { what: 'there are new lines', timeoutMs: SOON_MS },
      );
    } finally {
      await logging.close();
      await small.remove();
    }
  });
});
