import { z } from 'zod';
import { fail } from '../../core/result.ts';
import { nexusSignature } from './proof.ts';
import {
  deliveryHeaders,
  locateUnder,
  nothing,
  pushedTag,
  quote,
  readEach,
  type WebhookSender,
} from './sender.ts';
import { isRecord, member, textAt } from './shape.ts';

// https://help.sonatype.com/en/webhooks.html, "Repository Component". Events of assets name no tag.
const Component = z.object({
  format: z.string(),
  name: z.string(),
  version: z.string().nullish(),
});

const PUSHES = new Set(['CREATED', 'UPDATED']);
const COMPONENT_EVENT = 'rm:repository:component';

/** Sonatype Nexus. It names the repository but never the host that images are pulled from: that has to be configured. */
export const nexus: WebhookSender = {
  name: 'nexus',
  expects:
    '{"repositoryName":"docker-hosted","action":"CREATED","component":{"format":"docker","name":"team/app","version":"1.2.3"}} (Nexus rm:repository:component)',
  proofs: [nexusSignature],
  deliveryIds: ({ headers }) => deliveryHeaders(headers, ['x-nexus-webhook-delivery']),
  recognises: ({ headers, body }) =>
    headers.has('x-nexus-webhook-id') ||
    (textAt(body, 'repositoryName') !== undefined &&
      (isRecord(member(body, 'component')) || isRecord(member(body, 'asset')))),
  parse({ headers, body }, { hostOf }) {
    const event = headers.get('x-nexus-webhook-id')?.toLowerCase() ?? COMPONENT_EVENT;
    if (event !== COMPONENT_EVENT) return nothing(`an event ${quote(event)}, not ${COMPONENT_EVENT}`);
    if (isRecord(member(body, 'asset'))) return nothing(`an event of an asset, not ${COMPONENT_EVENT}`);
    const action = textAt(body, 'action');
    if (action === undefined) return fail('action must be a string');
    if (!PUSHES.has(action.toUpperCase())) return nothing(`the component was ${quote(action)}, not pushed`);
    const component = Component.safeParse(member(body, 'component'));
    if (!component.success) return fail('component.format and component.name must be strings');
    const { format, name, version } = component.data;
    if (format !== 'docker') return nothing(`a component of format ${quote(format)}, not docker`);
    const repository = locateUnder(hostOf('nexus'), name);
    return readEach([version], (tag) => pushedTag({ sender: 'nexus', type: 'image', repository, tag }));
  },
};
