import { describe, expect, it } from 'vitest';
import { readAs, recognisedBy } from '../../../test/parts/webhook-reading.ts';
import { WEBHOOK_SAMPLES } from '../../../test/parts/webhook-samples.ts';
import { WEBHOOK_SENDERS } from './senders.ts';

// Who else would recognise a sample, were it not read before: shapes that contain one another, and CloudEvents.
const OVERLAPS: ReadonlyMap<string, readonly string[]> = new Map([
  ['aliyun', ['dockerhub']],
  ['distribution', ['gitlab']],
  ['gitea', ['ghcr']],
  ['zot', ['cloudevents']],
]);
const CLOUD_EVENTS = new Set(['Harbor: CloudEvents', 'ACR: Event Grid as CloudEvents', 'ECR: CloudEvents']);

describe('samples of every sender', () => {
  it.each(WEBHOOK_SAMPLES)('$name: signals and reasons', ({ sender, headers, body, signals, ignored }) => {
    const read = readAs(sender, { headers, body });

    expect(read.refused).toBeUndefined();
    expect(read.signals).toEqual(signals);
    expect(read.ignored).toEqual(ignored ?? []);
  });

  it.each(WEBHOOK_SAMPLES)('$name: recognised on /webhook/registry', ({ name, sender, headers, body }) => {
    const others = CLOUD_EVENTS.has(name) ? ['cloudevents'] : (OVERLAPS.get(sender) ?? []);

    expect(recognisedBy({ headers, body })).toEqual([sender, ...others]);
  });

  it.each(WEBHOOK_SAMPLES)('$name: each signal names its sender', ({ sender, headers, body }) => {
    const parser = WEBHOOK_SENDERS.find(({ name }) => name === sender);
    const context = { hostOf: () => 'registry.example.com' };
    const reading = parser?.parse({ headers: new Headers(headers), body }, context);

    expect(reading?.ok && reading.value.signals.every((signal) => signal.sender === sender)).toBe(true);
  });

  it('covers every sender but GitLab, whose bodies are those of distribution', () => {
    const covered = new Set(WEBHOOK_SAMPLES.map(({ sender }) => sender));

    expect(WEBHOOK_SENDERS.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual(['gitlab']);
  });
});
