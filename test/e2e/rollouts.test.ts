import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECK_INTERVAL_MS } from '../../src/core/verification.ts';
import { eventually } from '../parts/eventually.ts';
import { restartPods } from '../parts/cluster/restarts.ts';
import { rounds } from '../parts/cluster/rounds.ts';
import { allRun } from '../parts/cluster/pods.ts';
import { SHAPE_NAMES, SHAPES, type ShapeName } from '../parts/cluster/shapes.ts';
import { openStage, type Stage } from '../parts/cluster/stage.ts';
import {
  applied,
  conditionOf,
  eventsOf,
  historyOf,
  requestsInOrder,
  storyIs,
  watchEnded,
} from '../parts/cluster/story.ts';
import { artifactOf, bugsIn, decide } from '../parts/workload-views.ts';
import { metricOf } from '../parts/world.ts';

/** Two checks, as the workloads want it, and no more than ten seconds beyond. */
const LONGEST_MS = 2 * CHECK_INTERVAL_MS + 10_000;
const ROLLED_BACK = ['1.0.0 -> 1.1.0 RolledBack', 'rollback 1.1.0 -> 1.0.0 Completed'];

/** What ended as a rollback from 1.1.0 to 1.0.0, to be looked at again when all is over. */
interface TakenBack {
  readonly shapeName: ShapeName;
  readonly name: string;
}

describe.each(rounds(process.env))('verified rollouts on real pods, round %i', () => {
  let stage: Stage;
  const takenBack: TakenBack[] = [];

  beforeAll(async () => {
    stage = await openStage('rollouts', { HEADWIND_POLLING_ENABLED: 'true' });
  });
  afterAll(async () => {
    await stage.close();
  });

  describe.concurrent.each(SHAPE_NAMES)('%s', (shapeName) => {
    const shape = SHAPES[shapeName];
    const nameOf = (scenario: string): string =>
      `${scenario}-${shapeName.toLowerCase().replaceAll(' ', '-')}`;
    const polled = { 'event-source': 'both', 'polling-interval': '5s' };

    /** Sees to it that pods, object, requests, history and Events all say that 1.1.0 was taken back, and answers why. */
    async function whyTakenBack(name: string, approvedBy = 'policy'): Promise<string> {
      const [bad, rollback] = await storyIs(stage, name, ROLLED_BACK);
      expect(bad?.status.approvedBy).toBe(approvedBy);
      expect(rollback?.status.approvedBy).toBe('headwind-auto-rollback');
      expect(rollback?.spec.undoes).toEqual([bad?.metadata.name]);
      expect(await stage.images(shape.plural, name)).toEqual({ app: stage.image(name, '1.0.0') });
      await allRun(stage, { shape, name, image: stage.image(name, '1.0.0') });
      expect(await historyOf(stage, shape, name)).toEqual([
        '1.0.0 headwind-auto-rollback',
        `1.1.0 ${approvedBy}`,
        '1.0.0 -',
      ]);
      const events = await eventsOf(stage, { kind: shape.kind, name, until: 'UpdateRolledBack' });
      expect(events.map(({ type, reason }) => `${type} ${reason}`)).toContain('Warning UpdateRolledBack');
      takenBack.push({ shapeName, name });
      expect(conditionOf(bad, 'Healthy')).toEqual({ status: 'False', reason: 'RolledBack' });
      return rollback?.spec.reason ?? '';
    }

    /** How long it took from the first failing pod to the rollback's patch, in milliseconds. */
    async function reactionMs(name: string): Promise<number> {
      const [, rollback] = await requestsInOrder(stage, name);
      return Date.parse(rollback?.status.startedAt ?? '') - (stage.failedAt(name) ?? 0);
    }

    it('a healthy version stays', async () => {
      const name = nameOf('healthy');
      await stage.play(shape, { name });
      await stage.push(name, '1.1.0', 'healthy');
      const request = await watchEnded(stage, name, '1.1.0');
      expect(conditionOf(request, 'Healthy')).toEqual({ status: 'True', reason: 'Healthy' });
      await allRun(stage, { shape, name, image: stage.image(name, '1.1.0') });
      await storyIs(stage, name, ['1.0.0 -> 1.1.0 Completed']);
      expect(await historyOf(stage, shape, name)).toEqual(['1.1.0 policy', '1.0.0 -']);
      // The last that is told of it; what came before it has been told by then.
      const events = await eventsOf(stage, { kind: shape.kind, name, until: 'RolloutHealthy' });
      const reasons = events.map(({ reason }) => reason);
      expect(reasons).toContain('UpdateApplied');
      expect(reasons).not.toContain('UpdateRolledBack');
    });

    it('a version that crashes at once is taken back', async () => {
      const name = nameOf('crash');
      await stage.play(shape, { name, annotations: polled });
      await stage.push(name, '1.1.0', 'crashes at once');
      const why = await whyTakenBack(name);
      expect(why).toMatch(/CrashLoopBackOff|has restarted \d+ times since the update/);
      expect(await reactionMs(name)).toBeLessThanOrEqual(LONGEST_MS);
    });

    it('a version that is ready at first and then crashes is taken back', async () => {
      const name = nameOf('late-crash');
      await stage.play(shape, { name, annotations: polled });
      await stage.push(name, '1.1.0', 'crashes after a while');
      const why = await whyTakenBack(name);
      expect(why).toMatch(/CrashLoopBackOff|has restarted \d+ times since the update/);
      expect(await reactionMs(name)).toBeLessThanOrEqual(LONGEST_MS);
    });

    it('a version that cannot be pulled is taken back, also when a person has approved it', async () => {
      const name = nameOf('unpullable');
      await stage.play(shape, { name, annotations: { 'require-approval': 'true' } });
      await stage.pushBroken(name, '1.1.0');
      const [request] = await storyIs(stage, name, ['1.0.0 -> 1.1.0 Pending']);
      const answer = await decide(stage, 'approve', request?.metadata.name ?? '', { approver: 'alice' });
      expect(answer.status).toBe(200);
      const why = await whyTakenBack(name, 'alice');
      expect(why).toMatch(/ErrImagePull|ImagePullBackOff/);
      expect(await reactionMs(name)).toBeLessThanOrEqual(LONGEST_MS);
    });

    it('a version that is never ready is taken back when its time is over', async () => {
      const name = nameOf('never-ready');
      await stage.play(shape, { name, annotations: { ...polled, 'rollback-timeout': '20s' } });
      await stage.push(name, '1.1.0', 'is never ready');
      const why = await whyTakenBack(name);
      expect(why).toContain(`0 of ${shape.pods} new pods are ready`);
      const [bad, rollback] = await requestsInOrder(stage, name);
      const [startedAt = 0, restoredAt = 0] = [bad, rollback].map((one) =>
        Date.parse(one?.status.startedAt ?? ''),
      );
      expect(restoredAt - startedAt).toBeGreaterThanOrEqual(20_000);
      expect(restoredAt - startedAt).toBeLessThanOrEqual(30_000);
    });

    it('a version that is slow but fine stays', async () => {
      const name = nameOf('slow');
      await stage.play(shape, { name });
      await stage.push(name, '1.1.0', 'is ready after 20 s');
      const request = await watchEnded(stage, name, '1.1.0', 240_000);
      expect(conditionOf(request, 'Healthy')).toEqual({ status: 'True', reason: 'Healthy' });
      await allRun(stage, { shape, name, image: stage.image(name, '1.1.0') });
      await storyIs(stage, name, ['1.0.0 -> 1.1.0 Completed']);
    });

    it('a healthy version stays though pods have restarted six times long ago', async () => {
      const name = nameOf('restarts');
      await stage.play(shape, { name });
      await restartPods(stage, { name, times: 6 });
      await stage.push(name, '1.1.0', 'healthy');
      const request = await watchEnded(stage, name, '1.1.0');
      expect(conditionOf(request, 'Healthy')).toEqual({ status: 'True', reason: 'Healthy' });
      await allRun(stage, { shape, name, image: stage.image(name, '1.1.0') });
      await storyIs(stage, name, ['1.0.0 -> 1.1.0 Completed']);
    });

    it('scaled to zero is healthy, whatever the version', async () => {
      const name = nameOf('zero');
      await stage.play(shape, { name, scaledToZero: true });
      await stage.push(name, '1.1.0', 'crashes at once');
      const request = await watchEnded(stage, name, '1.1.0');
      expect(conditionOf(request, 'Healthy')).toEqual({ status: 'True', reason: 'Healthy' });
      expect(stage.pods(name)).toEqual([]);
      expect(await stage.images(shape.plural, name)).toEqual({ app: stage.image(name, '1.1.0') });
      await storyIs(stage, name, ['1.0.0 -> 1.1.0 Completed']);
    });

    it('what somebody else changes meanwhile is left as they want it', async () => {
      const name = nameOf('meanwhile');
      await stage.play(shape, { name, annotations: { 'rollback-timeout': '25s' } });
      await stage.push(name, '1.1.0', 'is never ready');
      await applied(stage, name, '1.1.0');
      // No version that the policy would move to by itself.
      await stage.push(name, '1.0.0-hotfix', 'healthy');
      await stage.setImage(shape, name, stage.image(name, '1.0.0-hotfix'));
      const request = await watchEnded(stage, name, '1.1.0');
      expect(request.status.verification?.outcome).toBe('HandsOff');
      // Kubernetes leaves a StatefulSet's pod that is not ready to people, and so does Headwind, now that they have taken over.
      if (shape.kind === 'StatefulSet') await stage.deleteUnready(name);
      await allRun(stage, { shape, name, image: stage.image(name, '1.0.0-hotfix') });
      expect((await requestsInOrder(stage, name)).filter(({ spec }) => spec.rollback === true)).toEqual([]);
    });

    it('a second update during the watch takes its place', async () => {
      const name = nameOf('second');
      await stage.play(shape, { name });
      await stage.push(name, '1.1.0', 'is never ready');
      await applied(stage, name, '1.1.0');
      await stage.push(name, '1.2.0', 'healthy');
      const request = await watchEnded(stage, name, '1.2.0');
      expect(conditionOf(request, 'Healthy')).toEqual({ status: 'True', reason: 'Healthy' });
      await allRun(stage, { shape, name, image: stage.image(name, '1.2.0') });
      await storyIs(stage, name, ['1.0.0 -> 1.1.0 Completed', '1.1.0 -> 1.2.0 Completed']);
    });

    it('of two bad versions in a row neither stays: what ran before both is restored', async () => {
      const name = nameOf('both-bad');
      await stage.play(shape, { name });
      await stage.push(name, '1.1.0', 'is never ready');
      await applied(stage, name, '1.1.0');
      await stage.push(name, '1.2.0', 'crashes at once');
      await eventually(
        async () =>
          (await stage.images(shape.plural, name))['app'] === stage.image(name, '1.0.0') ||
          Promise.reject(new Error(JSON.stringify(await stage.images(shape.plural, name)))),
        { what: `${name} is back at 1.0.0`, timeoutMs: 120_000, everyMs: 500 },
      );
      await allRun(stage, { shape, name, image: stage.image(name, '1.0.0') });
      expect(await stage.images(shape.plural, name)).toEqual({ app: stage.image(name, '1.0.0') });
    });
  });

  describe.concurrent('a version that was not healthy before either', () => {
    it('is no reason to go back', async () => {
      const shape = SHAPES.Deployment;
      const name = 'always-broken';
      await stage.play(shape, { name, first: 'crashes at once', annotations: { 'rollback-timeout': '40s' } });
      await eventually(
        async () =>
          stage.pods(name).some(({ status }) => (status.containerStatuses?.[0].restartCount ?? 0) > 1),
        { what: `${name} crashes again and again`, timeoutMs: 60_000 },
      );
      await stage.push(name, '1.1.0', 'crashes at once');
      const request = await watchEnded(stage, name, '1.1.0');
      expect(request.status.verification?.outcome).toBe('Unhealthy');
      expect(await stage.images(shape.plural, name)).toEqual({ app: stage.image(name, '1.1.0') });
      await storyIs(stage, name, ['1.0.0 -> 1.1.0 Completed']);
    });
  });

  describe('when all of that is over', () => {
    it('a version that was taken back stays back: pushed again and polled, nothing changes', async () => {
      expect(takenBack.length).toBeGreaterThanOrEqual(SHAPE_NAMES.length * 4);
      const before = await Promise.all(takenBack.map(async ({ name }) => requestsInOrder(stage, name)));
      for (const { name } of takenBack) await stage.push(name, '1.1.0', 'healthy');
      const cycles = await metricOf(stage.headwind(), 'headwind_polling_cycles_total');
      await eventually(
        async () => {
          const begun = (await metricOf(stage.headwind(), 'headwind_polling_cycles_total')) - cycles;
          return begun > 2 * takenBack.length || Promise.reject(new Error(`${begun} polls`));
        },
        { what: 'each workload has been polled', timeoutMs: 60_000, everyMs: 500 },
      );
      for (const { name } of takenBack) {
        const { blockers, decision } = await artifactOf(stage, name);
        const codes = [...blockers, ...(decision?.blockers ?? [])].map(({ code }) => code);
        expect([name, codes]).toEqual([name, expect.arrayContaining(['held'])]);
      }
      const after = await Promise.all(takenBack.map(async ({ name }) => requestsInOrder(stage, name)));
      expect(after.map((all) => all.map(({ metadata }) => metadata.name))).toEqual(
        before.map((all) => all.map(({ metadata }) => metadata.name)),
      );
      for (const { shapeName, name } of takenBack) {
        expect(await stage.images(SHAPES[shapeName].plural, name)).toEqual({
          app: stage.image(name, '1.0.0'),
        });
        expect((await historyOf(stage, SHAPES[shapeName], name)).length).toBe(3);
      }
    });

    it('the next version is proposed, and stays', async () => {
      for (const { shapeName, name } of takenBack) {
        await stage.annotate(SHAPES[shapeName], name, { 'rollback-timeout': '180s' });
        await stage.push(name, '1.2.0', 'healthy');
      }
      for (const { name } of takenBack) {
        await eventually(
          async () =>
            (await requestsInOrder(stage, name)).some(({ spec }) => spec.newImage.endsWith(':1.2.0')),
          { what: `1.2.0 is proposed for ${name}`, timeoutMs: 30_000, everyMs: 300 },
        );
      }
      for (const { shapeName, name } of takenBack) {
        if (name.startsWith('unpullable')) continue;
        const request = await watchEnded(stage, name, '1.2.0');
        expect([name, request.status.conditions?.at(-1)]).toEqual([
          name,
          expect.objectContaining({ type: 'Healthy', status: 'True' }),
        ]);
        await allRun(stage, { shape: SHAPES[shapeName], name, image: stage.image(name, '1.2.0') });
      }
    });

    it('the metrics say so', async () => {
      const rollbacks = (await stage.requests()).filter(
        ({ spec, status }) => spec.rollback === true && status.phase === 'Completed',
      ).length;
      const metric = (name: string): Promise<number> => metricOf(stage.headwind(), `headwind_${name}`);
      expect(rollbacks).toBeGreaterThanOrEqual(takenBack.length);
      expect(await metric('rollbacks_total')).toBe(rollbacks);
      expect(await metric('rollbacks_automatic_total')).toBe(rollbacks);
      expect(await metric('rollbacks_manual_total')).toBe(0);
      expect(await metric('rollbacks_failed_total')).toBe(0);
      expect(await metric('deployment_health_checks_total')).toBeGreaterThan(0);
      expect(await metric('deployment_health_failures_total')).toBeGreaterThan(0);
    });

    it('nothing was logged as a bug', () => {
      expect(bugsIn(stage)).toEqual([]);
    });
  });
});
