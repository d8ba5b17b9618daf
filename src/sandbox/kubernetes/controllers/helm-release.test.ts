import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../../../test/parts/fake-clock.ts';
import { judgeRelease } from '../../../core/health-release.ts';
import { toRolloutHead } from '../../../kubernetes/rollout-head.ts';
import { startEmbeddedKubernetes, type EmbeddedKubernetes } from '../embedded-kubernetes.ts';
import { fluxCrds } from '../flux-crds.ts';
import { arrayAt, isJsonObject, stringAt } from '../json.ts';
import type { ApiObject } from '../api-object.ts';
import { startHelmController } from './helm-release.ts';

let kubernetes: EmbeddedKubernetes;
let clock: FakeClock;
let stop: () => void;
let offered: string[];

beforeEach(async () => {
  clock = new FakeClock();
  offered = ['1.0.0', '1.1.0'];
  kubernetes = await startEmbeddedKubernetes({ crds: fluxCrds(), clock });
  const { store } = kubernetes;
  store.create('helmrepositories', {
    metadata: { name: 'charts', namespace: 'default' },
    spec: { url: 'oci://registry.test/charts' },
  });
  stop = startHelmController({
    store,
    clock,
    pullChart: ({ url, chart, version }) =>
      offered.includes(version) ? { digest: `${url}/${chart}@${version}` } : undefined,
  });
});

afterEach(async () => {
  stop();
  await kubernetes.close();
});

function create(spec: object = {}): void {
  const sourceRef = { kind: 'HelmRepository', name: 'charts' };
  kubernetes.store.create('helmreleases', {
    metadata: { name: 'web', namespace: 'default' },
    spec: { interval: '10m', chart: { spec: { chart: 'web', version: '1.0.0', sourceRef } }, ...spec },
  });
}

function read(): ApiObject {
  const release = kubernetes.store.get('helmreleases', 'default', 'web');
  if (release === undefined) throw new Error('there is no release');
  return release;
}

function setVersion(version: string): void {
  const release = read();
  const sourceRef = { kind: 'HelmRepository', name: 'charts' };
  const spec = { interval: '10m', chart: { spec: { chart: 'web', version, sourceRef } } };
  kubernetes.store.update('helmreleases', { ...release, spec });
}

function ready(): string {
  const conditions = arrayAt(read(), 'status', 'conditions').filter(isJsonObject);
  const found = conditions.find((condition) => condition['type'] === 'Ready');
  return `${stringAt(found, 'status')} ${stringAt(found, 'reason')}`;
}

const history = (): readonly string[] =>
  arrayAt(read(), 'status', 'history').map(
    (entry) => `${stringAt(entry, 'chartVersion')} ${stringAt(entry, 'status')}`,
  );
const health = (version: string): string => {
  const head = toRolloutHead('HelmRelease', read());
  return head.type === 'release' ? judgeRelease(head, version).health : 'no release';
};

test('a release is installed, and upgraded when another version is written', async () => {
  create();
  await clock.advance(100);
  expect([ready(), history()]).toEqual(['Unknown Progressing', []]);
  await clock.advance(2_000);
  expect([ready(), history()]).toEqual(['True InstallSucceeded', ['1.0.0 deployed']]);
  setVersion('1.1.0');
  expect(health('1.1.0')).toBe('unseen');
  await clock.advance(100);
  expect([ready(), health('1.1.0')]).toEqual(['Unknown Progressing', 'progressing']);
  await clock.advance(2_000);
  expect([ready(), history()]).toEqual(['True UpgradeSucceeded', ['1.1.0 deployed', '1.0.0 superseded']]);
  expect(health('1.1.0')).toBe('healthy');
});

test('a version that is nowhere leaves what runs as it is, and is installed once it is there', async () => {
  create();
  await clock.advance(2_000);
  setVersion('1.2.0');
  await clock.advance(2_000);
  expect([ready(), history()]).toEqual(['False SourceNotReady', ['1.0.0 deployed']]);
  offered.push('1.2.0');
  await clock.advance(10_000);
  expect([ready(), history()]).toEqual(['True UpgradeSucceeded', ['1.2.0 deployed', '1.0.0 superseded']]);
});

test('of two versions that are written one after the other only the last is installed', async () => {
  create();
  await clock.advance(1_000);
  setVersion('1.1.0');
  await clock.advance(3_000);
  expect(history()).toEqual(['1.1.0 deployed']);
});

test('a suspended release is left alone', async () => {
  create({ suspend: true });
  await clock.advance(10_000);
  expect([ready(), history()]).toEqual([' ', []]);
});
