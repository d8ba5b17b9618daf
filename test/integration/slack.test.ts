import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import type { UpdateRequest } from '../../src/core/update-request.ts';
import { eventually } from '../parts/eventually.ts';
import { applyManifest, readManifests } from '../parts/manifests.ts';
import { posted, type Posted, type Press } from '../parts/slack-press.ts';
import { startSlack, type SlackServer } from '../parts/slack-server.ts';
import { bugsIn, decide, knownTo, theRequestFor } from '../parts/workload-views.ts';
import { openWorld, workloadOf, type World } from '../parts/world.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const WEBHOOK = '/services/T0/B0/hunter2';
const ALICE = { id: 'U0ALICE', name: 'alice' };
const BOB = { id: 'U0BOB', name: 'bob' };
const EVE = { id: 'U0EVE', name: 'eve' };
const Problem = z.object({ code: z.string(), detail: z.string() });

let world: World;
let slack: SlackServer;
let directory: string;
let presses = 0;

beforeAll(async () => {
  slack = await startSlack();
  directory = await mkdtemp(join(tmpdir(), 'headwind-people-'));
  const file = join(directory, 'notifications.yaml');
  const users = {
    [ALICE.id]: { username: 'alice@example.com', groups: ['shop-approvers'] },
    [BOB.id]: { username: 'bob@example.com' },
  };
  await writeFile(file, JSON.stringify({ slack: { users } }));
  world = await openWorld(inject('controlPlane'), {
    narrow: true,
    env: {
      ...slack.env,
      SLACK_ENABLED: 'true',
      SLACK_WEBHOOK_URL: `https://hooks.slack.com${WEBHOOK}`,
      HEADWIND_SLACK_SIGNING_SECRET: SECRET,
      HEADWIND_NOTIFICATIONS_CONFIG: file,
      HEADWIND_UI_URL: 'https://headwind.example.com',
    },
  });
  for (const manifest of await readManifests('optional/roles.yaml')) await applyManifest(world.api, manifest);
  await world.api.expectOk(
    'POST',
    `/apis/rbac.authorization.k8s.io/v1/namespaces/${world.namespace}/rolebindings`,
    {
      metadata: { name: 'approvers' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'headwind-approver' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'shop-approvers' }],
    },
  );
});
afterAll(async () => {
  await world.close();
  await slack.close();
  await rm(directory, { recursive: true });
});

/** A workload for which 1.1.0 waits, told to Slack with buttons; answers their value too. */
async function waiting(name: string): Promise<{ readonly request: UpdateRequest; readonly value: string }> {
  const images = { app: `${world.registry.host}/${name}:1.0.0` };
  await world.create('deployments', workloadOf('Deployment', { name, images }));
  await knownTo(world, name);
  await world.registry.pushImage({ repository: name, tag: '1.1.0' });
  return { request: await theRequestFor(world, name), value: await slack.buttonFor(`/${name}`) };
}

function pressOf(
  press: Pick<Press, 'action' | 'value'> & Partial<Press>,
): Posted & { readonly path: string } {
  presses += 1;
  const path = `/actions/T0/${presses}/hunter2`;
  const whole = { secret: SECRET, atMs: Date.now(), responseUrl: `https://hooks.slack.com${path}`, ...press };
  return { ...posted(whole), path };
}

async function deliver({ body, headers }: Posted): Promise<Response> {
  const url = `${world.headwind().urls.api}/slack/interactions`;
  return fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(3000) });
}

/** Presses a button as Slack would, and answers what Slack is told then. */
async function pressed(
  press: Pick<Press, 'action' | 'value'> & Partial<Press>,
  count = 1,
): Promise<readonly string[]> {
  const delivery = pressOf(press);
  const response = await deliver(delivery);
  expect([response.status, await response.text()]).toEqual([200, '']);
  return (await slack.taken(delivery.path, count)).map(({ text }) => text);
}

async function refusedWith(delivery: Posted): Promise<readonly [number, string]> {
  const response = await deliver(delivery);
  return [response.status, Problem.parse(await response.json()).detail];
}

async function imageOf(name: string): Promise<string | undefined> {
  return (await world.images('deployments', name))['app']?.split('/').at(-1);
}

interface AuditRecord {
  readonly username: unknown;
  readonly action: unknown;
  readonly result: unknown;
}

/** Starts Headwind again; the one that ends has found no bug in itself and has told nobody a secret. */
async function restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
  const ended = world.headwind();
  expect(bugsIn(world)).toEqual([]);
  await world.restart(env);
  const output = ended.output().join('\n');
  expect(output).toContain('Headwind ends');
  expect(output).not.toContain('hunter2');
  expect(output).not.toContain(SECRET);
}

/** The audit records about one request. */
function auditOf(name: string): readonly AuditRecord[] {
  return world
    .headwind()
    .logs()
    .filter(({ target, fields }) => target === 'headwind::audit' && fields['name'] === name)
    .map(({ fields: { username, action, result } }) => ({ username, action, result }));
}

describe('a button in the message itself', () => {
  it('Approve patches the workload, and the message says who did it and what came of it', async () => {
    const { request, value } = await waiting('approved');
    expect(value).toBe(`${world.namespace}/${request.metadata.name}/${request.metadata.uid}`);
    const [message] = await pressed({ action: 'approve', value, user: ALICE });
    expect(await imageOf('approved')).toBe('approved:1.1.0');
    expect(message).toContain('"replace_original":true');
    expect(message).toMatch(/Update completed: Deployment .*✅ Approved by alice@example\.com, .*applied/);
    expect(message).toContain(`/updates/${world.namespace}/${request.metadata.name}`);
    expect(message).not.toContain('approve_update');
    const done = await theRequestFor(world, 'approved', { phase: 'Completed' });
    expect(done.status.approvedBy).toBe('alice@example.com');
    expect(auditOf(request.metadata.name)).toEqual([
      { username: 'alice@example.com', action: 'approve', result: 'success' },
    ]);
  });

  it('Reject holds the version', async () => {
    const { value } = await waiting('rejected');
    const [message] = await pressed({ action: 'reject', value, user: { id: 'U0CAROL', name: 'carol' } });
    expect(message).toMatch(/Update rejected: .*❌ Rejected by carol \(slack:U0CAROL\)/);
    const done = await theRequestFor(world, 'rejected', { phase: 'Rejected' });
    expect(done.status.rejectedBy).toBe('slack:U0CAROL');
    expect(await imageOf('rejected')).toBe('rejected:1.0.0');
  });

  it('that nobody but Slack has sent does nothing', async () => {
    const { request, value } = await waiting('forged');
    const forged = pressOf({ action: 'approve', value, secret: 'guessed-by-somebody-0000000000000' });
    expect(await refusedWith(forged)).toEqual([401, 'X-Slack-Signature does not fit.']);
    const changed = pressOf({ action: 'reject', value });
    const body = changed.body.replaceAll('reject', 'approve');
    expect(await refusedWith({ ...changed, body })).toEqual([401, 'X-Slack-Signature does not fit.']);
    const old = pressOf({ action: 'approve', value, atMs: Date.now() - 302_000 });
    expect(await refusedWith(old)).toEqual([401, 'X-Slack-Request-Timestamp is more than 5 minutes away.']);
    expect((await theRequestFor(world, 'forged')).status.phase).toBe('Pending');
    expect(auditOf('slack')).toEqual(
      Array.from({ length: 3 }, () => ({
        username: 'unknown',
        action: 'slack_interaction',
        result: 'error',
      })),
    );
    expect(auditOf(request.metadata.name)).toEqual([]);
  });

  it('that was overheard does nothing a second time', async () => {
    const { value } = await waiting('replayed');
    const delivery = pressOf({ action: 'approve', value });
    expect((await deliver(delivery)).status).toBe(200);
    expect(await refusedWith(delivery)).toEqual([401, 'This has been received before.']);
    await slack.taken(delivery.path, 1);
  });

  it('about a request that was deleted and made anew does nothing', async () => {
    const { request, value } = await waiting('remade');
    const { namespace, name } = request.metadata;
    const path = `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`;
    await world.api.expectOk('DELETE', `${path}/${name}`);
    const { apiVersion, kind, spec } = request;
    await world.api.expectOk('POST', path, { apiVersion, kind, metadata: { name }, spec });
    const [refusal] = await pressed({ action: 'approve', value });
    expect(refusal).toContain('the request that this message was about is gone');
    expect(await imageOf('remade')).toBe('remade:1.0.0');
  });
});

describe('of two who press', () => {
  it('one wins, and the other is told who it was', async () => {
    const { request, value } = await waiting('contested');
    const first = pressOf({ action: 'approve', value, user: ALICE });
    const second = pressOf({ action: 'reject', value, user: BOB });
    const statuses = await Promise.all([deliver(first), deliver(second)]);
    expect(statuses.map(({ status }) => status)).toEqual([200, 200]);
    const texts = [...(await slack.taken(first.path, 1)), ...(await slack.taken(second.path, 1))].map(
      ({ text }) => text,
    );
    const { status } = (await world.requests()).find(
      ({ metadata }) => metadata.uid === request.metadata.uid,
    ) ?? {
      status: { phase: 'Pending' },
    };
    const winner = status.phase === 'Rejected' ? 'bob@example.com' : 'alice@example.com';
    expect(texts.filter((text) => text.includes('"replace_original":true')).join()).toContain(`by ${winner}`);
    expect(texts.filter((text) => text.includes('"ephemeral"'))).toHaveLength(1);
    expect(texts.find((text) => text.includes('"ephemeral"'))).toContain(`by ${winner} already`);
    const results = auditOf(request.metadata.name).map(({ result }) => String(result));
    expect(results.toSorted()).toEqual(['error', 'success']);
  });

  it('on a message that was decided elsewhere, each is told, and the message too', async () => {
    const { request, value } = await waiting('elsewhere');
    await decide(world, 'reject', request.metadata.name, { approver: 'dora', reason: 'not before Monday' });
    const [refusal, message] = await pressed({ action: 'approve', value }, 2);
    expect(refusal).toMatch(/ephemeral.*It has been rejected by dora already .not before Monday/);
    expect(message).toMatch(/replace_original":true.*❌ Rejected by dora/);
    expect(await imageOf('elsewhere')).toBe('elsewhere:1.0.0');
  });
});

describe('where Slack does not take the answer', () => {
  it('the answer is tried again', async () => {
    const { value } = await waiting('answered-late');
    slack.status = 503;
    const delivery = pressOf({ action: 'approve', value });
    await deliver(delivery);
    await eventually(() => slack.posts.some(({ path }) => path === delivery.path), { what: 'a first try' });
    slack.status = 200;
    const [answer] = await slack.taken(delivery.path, 1);
    expect(answer?.text).toContain('✅ Approved by');
  });

  it('the answer is finished before Headwind stops', async () => {
    const { value } = await waiting('stopping');
    const delivery = pressOf({ action: 'approve', value });
    await deliver(delivery);
    await restart();
    expect((await slack.taken(delivery.path, 1))[0]?.text).toContain('✅ Approved by');
    expect(await imageOf('stopping')).toBe('stopping:1.1.0');
  });
});

describe('where people need rights of their own (mode token)', () => {
  it('only who is mapped and may approve there does', async () => {
    const { request, value } = await waiting('rights');
    await restart({ HEADWIND_API_AUTH_MODE: 'token' });
    const { name } = request.metadata;

    const [unknown] = await pressed({ action: 'approve', value, user: EVE });
    expect(unknown).toMatch(/ephemeral.*who eve .T0∕?\/?U0EVE. is in Kubernetes.*slack\.users/);
    const [powerless] = await pressed({ action: 'approve', value, user: BOB });
    expect(powerless).toContain(
      `bob@example.com lacks the right to approve updaterequests.headwind.sh in the namespace ${world.namespace}`,
    );
    const [elsewhere] = await pressed({
      action: 'approve',
      value: `default/${name}/${request.metadata.uid}`,
      user: ALICE,
    });
    expect(elsewhere).toContain('lacks the right to approve');
    expect(await imageOf('rights')).toBe('rights:1.0.0');

    const [message] = await pressed({ action: 'approve', value, user: ALICE });
    expect(message).toContain('✅ Approved by alice@example.com');
    expect(await imageOf('rights')).toBe('rights:1.1.0');
    expect(auditOf(name).map(({ username, result }) => [username, result])).toEqual([
      ['slack:U0EVE', 'error'],
      ['bob@example.com', 'error'],
      // The one in another namespace has the same name.
      ['alice@example.com', 'error'],
      ['alice@example.com', 'success'],
    ]);
    await restart();
  });
});

describe('a file of signing secrets', () => {
  it('is read again when it changes', async () => {
    const { value } = await waiting('rotated');
    const next = 'fedcba9876543210fedcba9876543210';
    const file = join(directory, 'signing');
    await writeFile(file, `${SECRET}\n`);
    await restart({ HEADWIND_SLACK_SIGNING_SECRET: '', HEADWIND_SLACK_SIGNING_SECRET_FILE: file });
    const press = (): Promise<Response> =>
      deliver(pressOf({ action: 'approve', value: value.replace(/[^/]+$/, 'none'), secret: next }));
    expect((await press()).status).toBe(401);
    await writeFile(file, `${SECRET}\n${next}\n`);
    await eventually(async () => (await press()).status === 200, { what: 'the next one counts' });
    const [message] = await pressed({ action: 'approve', value });
    expect(message).toContain('✅ Approved by');
  });
});

describe('where no signing secret is set', () => {
  it('the door is closed, and messages lead to the dashboard', async () => {
    await restart({ HEADWIND_SLACK_SIGNING_SECRET: '' });
    const [status, detail] = await refusedWith(pressOf({ action: 'approve', value: 'a/b/c' }));
    expect(status).toBe(401);
    expect(detail).toContain('HEADWIND_SLACK_SIGNING_SECRET');
    const images = { app: `${world.registry.host}/linked:1.0.0` };
    await world.create('deployments', workloadOf('Deployment', { name: 'linked', images }));
    await knownTo(world, 'linked');
    await world.registry.pushImage({ repository: 'linked', tag: '1.1.0' });
    const { metadata } = await theRequestFor(world, 'linked');
    const text = await eventually(
      () => {
        const post = slack.posts.find(({ message }) => message.text.includes('/linked'));
        if (post === undefined) throw new Error('not yet');
        return post.text;
      },
      { what: 'the message' },
    );
    const url = `https://headwind.example.com/updates/${world.namespace}/${metadata.name}`;
    expect(text.split(`"url":"${url}"`)).toHaveLength(3);
    expect(text).not.toContain('reject_update');
    // What the page at this address asks for.
    const data = url.replace('https://headwind.example.com', `${world.headwind().urls.ui}/api/v1/dashboard`);
    const told = await fetch(data);
    expect([told.status, await told.text()]).toEqual([200, expect.stringContaining('linked:1.1.0')]);
    await restart();
  });
});
