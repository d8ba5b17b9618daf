import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createRecordingLog, type RecordingLog } from '../telemetry/recording-log.ts';
import type { ApiCall } from './api-call.ts';
import { KubernetesError, KubernetesUnreachableError } from './errors.ts';
import { createPullSecrets, type PullSecrets } from './pull-secrets.ts';

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
const login = (username: string) => ({ username, password: `password-of-${username}` });

/** A Secret of the newer type whose auths are keyed by registry. */
const aSecret = (auths: object): unknown => ({
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': base64({ auths }) },
});

let objects: Record<string, unknown>;
let asked: string[];
let clock: FakeClock;
let recorded: RecordingLog;
let pullSecrets: PullSecrets;

beforeEach(() => {
  objects = {};
  asked = [];
  clock = new FakeClock();
  recorded = createRecordingLog();
  const client = {
    request: (call: ApiCall) => {
      const path = call.path.replace('/api/v1/namespaces/', '');
      asked.push(path);
      const object = objects[path];
      if (object instanceof Error) return Promise.reject(object);
      if (object !== undefined) return Promise.resolve(object);
      return Promise.reject(new KubernetesError({ message: 'not found', status: 404, reason: 'NotFound' }));
    },
  };
  pullSecrets = createPullSecrets({ client, clock, log: recorded.target('test') });
});

const workload = { namespace: 'shop', pullSecrets: ['one', 'two'], serviceAccount: 'builder' };
const repository = { host: 'reg.example', path: 'team/app' };
const users = async (from = workload): Promise<string[]> =>
  (await pullSecrets.credentialsFor(from, repository)).map((credential) =>
    'username' in credential ? credential.username : credential.identityToken,
  );

describe('pull secrets', () => {
  it('are those of the pod, the most specific first, then those of its service account', async () => {
    objects['shop/secrets/one'] = aSecret({
      'reg.example': login('pod-host'),
      'other.example': login('other'),
    });
    objects['shop/secrets/two'] = aSecret({ 'reg.example/team': login('pod-path') });
    objects['shop/serviceaccounts/builder'] = { imagePullSecrets: [{ name: 'three' }, { name: 'one' }, {}] };
    objects['shop/secrets/three'] = aSecret({ 'reg.example/team/app': login('account') });
    expect(await users()).toEqual(['pod-path', 'pod-host', 'account']);
  });

  it('may be of the older type', async () => {
    objects['shop/secrets/one'] = {
      type: 'kubernetes.io/dockercfg',
      data: { '.dockercfg': base64({ 'reg.example': login('old') }) },
    };
    expect(await users()).toEqual(['old']);
  });

  it('that say the same are told once', async () => {
    objects['shop/secrets/one'] = aSecret({
      'reg.example': login('same'),
      'reg.example/team': login('same'),
    });
    objects['shop/secrets/two'] = aSecret({ 'reg.example': login('same') });
    expect(await users()).toEqual(['same']);
  });

  it('are remembered for ten seconds, also when there are none', async () => {
    objects['shop/secrets/one'] = aSecret({ 'reg.example': login('first') });
    await Promise.all([users(), users()]);
    await users();
    const before = asked.toSorted();
    expect(before).toEqual(['shop/secrets/one', 'shop/secrets/two', 'shop/serviceaccounts/builder']);
    objects['shop/secrets/one'] = aSecret({ 'reg.example': login('rotated') });
    await clock.advance(9_999);
    expect(await users()).toEqual(['first']);
    await clock.advance(1);
    expect(await users()).toEqual(['rotated']);
    expect(asked).toHaveLength(6);
  });

  it('of one namespace are never used in another', async () => {
    objects['shop/secrets/one'] = aSecret({ 'reg.example': login('shop') });
    expect(await users()).toEqual(['shop']);
    expect(await users({ ...workload, namespace: 'bank' })).toEqual([]);
  });

  it.each([
    ['missing', new KubernetesError({ message: 'no', status: 404, reason: 'NotFound' })],
    ['forbidden', new KubernetesError({ message: 'no', status: 403, reason: 'Forbidden' })],
    ['of another type', { type: 'Opaque', data: { '.dockerconfigjson': base64({ auths: {} }) } }],
    ['empty', { type: 'kubernetes.io/dockerconfigjson' }],
    ['not JSON', { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'aHVudGVyMg==' } }],
  ])('that are %s are warned of and passed over', async (_name, object) => {
    objects['shop/secrets/one'] = object;
    objects['shop/secrets/two'] = aSecret({ 'reg.example': login('good') });
    objects['shop/serviceaccounts/builder'] = {};
    expect(await users()).toEqual(['good']);
    expect(recorded.entries).toMatchObject([{ level: 'warn', fields: { namespace: 'shop', secret: 'one' } }]);
  });

  it.each([
    ['does not answer', new KubernetesUnreachableError('no answer')],
    ['is in trouble', new KubernetesError({ message: 'no', status: 500 })],
    ['refuses us', new KubernetesError({ message: 'no', status: 401 })],
  ])('cannot be known while the API server %s, and are asked for again', async (_name, error) => {
    objects['shop/secrets/one'] = error;
    await expect(users()).rejects.toBe(error);
    objects['shop/secrets/one'] = aSecret({ 'reg.example': login('now') });
    expect(await users()).toEqual(['now']);
  });

  it('never reach the log', async () => {
    const secret = { '.dockerconfigjson': Buffer.from('{"auths": hunter2').toString('base64') };
    objects['shop/secrets/one'] = { type: 'kubernetes.io/dockerconfigjson', data: secret };
    objects['shop/secrets/two'] = aSecret({ 'reg.example': { username: 'u', password: 'hunter2' } });
    await users();
    expect(JSON.stringify(recorded.entries)).not.toContain('hunter2');
    expect(JSON.stringify(recorded.entries)).not.toContain(secret['.dockerconfigjson']);
  });
});

describe('where the credentials come from', () => {
  const explain = (): Promise<string> => pullSecrets.explain(workload, repository);

  it('is told by the names of the Secrets that have them', async () => {
    objects['shop/secrets/one'] = aSecret({ 'other.example': login('other') });
    objects['shop/secrets/two'] = aSecret({ 'reg.example': login('right') });
    objects['shop/serviceaccounts/builder'] = { imagePullSecrets: [{ name: 'three' }] };
    objects['shop/secrets/three'] = aSecret({ 'reg.example': login('account') });
    expect(await explain()).toBe('the credentials are those of Secret shop/two, shop/three');
  });

  it('is told with what is wrong with each Secret, where there are none', async () => {
    objects['shop/secrets/one'] = aSecret({ 'other.example': login('other') });
    objects['shop/serviceaccounts/builder'] = { imagePullSecrets: [{ name: 'three' }] };
    objects['shop/secrets/three'] = { type: 'Opaque', data: {} };
    expect(await explain()).toBe(
      'there are no credentials: ' +
        'Secret shop/one: it has nothing for this registry; ' +
        'Secret shop/two: it does not exist, or may not be read; ' +
        'Secret shop/three: its type is Opaque, not kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg',
    );
  });

  it('is told where nobody names a Secret', async () => {
    objects['shop/serviceaccounts/builder'] = {};
    expect(await pullSecrets.explain({ ...workload, pullSecrets: [] }, repository)).toBe(
      'neither the pod template nor ServiceAccount shop/builder names a pull secret',
    );
  });

  it('never holds what is in them', async () => {
    objects['shop/secrets/one'] = aSecret({ 'reg.example': login('somebody') });
    expect(await explain()).not.toContain('somebody');
  });
});

describe('a Secret that a registry refused', () => {
  it('is read anew, but not twice within a second', async () => {
    objects['shop/secrets/one'] = aSecret({ 'reg.example': login('wrong') });
    expect(await users()).toEqual(['wrong']);
    objects['shop/secrets/one'] = aSecret({ 'reg.example': login('right') });
    pullSecrets.forget(workload);
    expect(await users()).toEqual(['wrong']);
    await clock.advance(1000);
    pullSecrets.forget({ ...workload, namespace: 'other' });
    expect(await users()).toEqual(['wrong']);
    pullSecrets.forget(workload);
    expect(await users()).toEqual(['right']);
  });
});
