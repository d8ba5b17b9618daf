import { z } from 'zod';
import type { Repository } from '../../core/image-reference.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { cloudEventIdsOf } from './cloud-event.ts';
import { authorization, secretHeader, secretParameter } from './proof.ts';
import {
  ignored,
  isChart,
  locateUnder,
  malformed,
  pushedTag,
  quote,
  readEach,
  type Entry,
  type WebhookSender,
} from './sender.ts';
import { isRecord, member, optionalText as text, textAt } from './shape.ts';

// https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference. Event Grid carries the same
// body as `data`, in an array: https://learn.microsoft.com/azure/event-grid/event-schema-container-registry.
const Push = z.object({
  target: z.object({
    repository: z.string(),
    tag: z.string().nullish(),
    mediaType: text,
    artifactType: text,
    digest: text,
    // Only with charts of the older Helm repository.
    name: text,
    version: text,
  }),
  request: z.object({ host: text }).nullish().catch(undefined),
  loginServer: text,
});
type Push = z.infer<typeof Push>;

const ACTIONS = /^(?:push|delete|ping|quarantine|chart_push|chart_delete)$/;
const VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent';
const GRID_TYPE = /^Microsoft\.(?:ContainerRegistry|EventGrid)\./;
const GRID_PUSH = /^Microsoft\.ContainerRegistry\.(?:Image|Chart)Pushed$/;
const REGISTRY_IN_TOPIC = /\/registries\/([a-z0-9]{5,50})$/i;
const MAX_VALIDATION_CODE = 512;

/** Azure Container Registry: its own webhooks, and Event Grid in both of its schemas with the validation handshake. */
export const acr: WebhookSender = {
  name: 'acr',
  expects:
    '{"action":"push","target":{"repository":"app","tag":"1.2.3"},"request":{"host":"myregistry.azurecr.io"}} (Azure Container Registry), or an Event Grid event with that as data',
  proofs: [authorization, secretHeader, secretParameter],
  deliveryIds: cloudEventIdsOf,
  recognises: ({ headers, body }) =>
    headers.has('aeg-event-type') || isWebhook(body) || isGridEvent(Array.isArray(body) ? body[0] : body),
  parse({ headers, body }, { hostOf }) {
    const configured = hostOf('acr');
    if (!headers.has('aeg-event-type') && !isGridEvent(Array.isArray(body) ? body[0] : body))
      return readEach([body], (event) => readAction(event, configured));
    const events: readonly unknown[] = Array.isArray(body) ? body : [body];
    const code = events.map((event) => validationCodeOf(event)).find((found) => found !== undefined);
    if (code !== undefined)
      return ok({
        signals: [],
        ignored: ['a validation of the subscription'],
        reply: { validationResponse: code },
      });
    if (!events.every((event) => isRecord(event))) return fail('every Event Grid event must be an object');
    return readEach(events, (event) => readGridEvent(event, configured));
  },
};

function isWebhook(body: unknown): boolean {
  const action = textAt(body, 'action');
  if (action === undefined || !ACTIONS.test(action)) return false;
  return action === 'ping' || isRecord(member(body, 'target'));
}

function gridTypeOf(event: unknown): string | undefined {
  return textAt(event, 'eventType') ?? textAt(event, 'type');
}

function isGridEvent(event: unknown): boolean {
  return GRID_TYPE.test(gridTypeOf(event) ?? '');
}

/** What Event Grid wants to see again before it sends anything. `validationUrl` beside it is never called. */
function validationCodeOf(event: unknown): string | undefined {
  if (gridTypeOf(event) !== VALIDATION) return undefined;
  const code = textAt(event, 'data', 'validationCode');
  return code !== undefined && code.length <= MAX_VALIDATION_CODE ? code : undefined;
}

function readGridEvent(event: unknown, configured: string | undefined): Entry {
  const type = gridTypeOf(event) ?? '';
  if (!GRID_PUSH.test(type)) return ignored(`an Event Grid event ${quote(type)}, not a push`);
  const [, registry] = REGISTRY_IN_TOPIC.exec(textAt(event, 'topic') ?? textAt(event, 'source') ?? '') ?? [];
  const derived = registry && `${registry.toLowerCase()}.azurecr.io`;
  return readAction(member(event, 'data'), configured ?? derived);
}

function readAction(event: unknown, fallback: string | undefined): Entry {
  const action = textAt(event, 'action');
  if (action === undefined) return malformed('action must be a string');
  if (action !== 'push' && action !== 'chart_push') return ignored(`a ${quote(action)}, not a push`);
  const push = Push.safeParse(event);
  if (!push.success)
    return malformed('target.repository must be a string, and target.tag too where there is one');
  const { target } = push.data;
  const chart = action === 'chart_push' || isChart([target.mediaType, target.artifactType]);
  const older = action === 'chart_push' ? olderChart(push.data) : undefined;
  return pushedTag({
    sender: 'acr',
    type: chart ? 'chart' : 'image',
    repository: repositoryOf(push.data, older?.repository ?? target.repository, fallback),
    tag: older?.version ?? target.tag,
    digest: target.digest,
  });
}

/** Charts of ACR's older Helm repository are named by a file, `wordpress-5.4.0.tgz`, with name and version apart. */
function olderChart({ target: { repository, name, version } }: Push) {
  if (!name || !version) return undefined;
  const full = repository.split('/').at(-1) === name ? repository : `${repository}/${name}`;
  return { repository: full, version: version.replace(/\.tgz$/, '') };
}

function repositoryOf(
  { request, loginServer }: Push,
  name: string,
  fallback: string | undefined,
): Result<Repository> | undefined {
  return locateUnder(request?.host || loginServer || fallback, name);
}
