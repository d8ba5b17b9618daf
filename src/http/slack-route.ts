import { readSlackInteraction } from '../notifications/slack-interaction.ts';
import { createAdmission } from './admission.ts';
import { refusedAction, type Access, type Acted } from './access.ts';
import { readFormBytes } from './body.ts';
import { type EdgeApp, type EdgeContext } from './edge.ts';
import { problem, retryAfter } from './problem.ts';
import type { SlackAnswers } from './slack-answers.ts';
import { slackIsClosed } from './slack-proof.ts';

export interface SlackRouteDependencies {
  readonly access: Access;
  /** Nobody is believed without it. */
  readonly slack: SlackAnswers | undefined;
  /** Where Headwind itself runs. */
  readonly ownNamespace: string;
}

/** The body holds the whole message that the button stood in. */
const MAX_BODY_BYTES = 256 * 1024;
const MAX_REQUESTS = 100;
const MAX_BYTES = 8 * 1024 * 1024;
const BUSY_RETRY_SECONDS = 1;

/**
 * `POST /slack/interactions`: what Slack posts when somebody presses a button. Its signature takes the place of the auth
 * mode. Answered at once, since Slack waits for 3 s; what came of it is told at the address that Slack gives.
 */
export function mountSlack(app: EdgeApp, { access, slack, ownNamespace }: SlackRouteDependencies): void {
  const admission = createAdmission({ maxRequests: MAX_REQUESTS, maxBytes: MAX_BYTES });

  const receive = async (c: EdgeContext, answers: SlackAnswers): Promise<Acted> => {
    const ticket = admission.enter();
    if (ticket === undefined) return refusedAction(c, busy());
    try {
      const body = await readFormBytes(c.req.raw, { maxBytes: MAX_BODY_BYTES, ticket });
      if (!body.ok) return refusedAction(c, body.error);
      const signers = answers.proof.check({
        timestamp: c.req.header('x-slack-request-timestamp'),
        signature: c.req.header('x-slack-signature'),
        body: body.value,
      });
      if (!signers.ok) return refusedAction(c, signers.error);
      const interaction = readSlackInteraction(body.value);
      if (!interaction.ok)
        return refusedAction(c, problem('HW_UNEXPECTED_SHAPE', `Expected ${interaction.error}.`));
      const { value } = interaction;
      if (value !== undefined && !answers.take(value, signers.value)) return refusedAction(c, busy());
      // Whoever carries it out leaves the record; that a link was opened is none.
      return { response: c.body(null, 200), result: 'success', audited: true };
    } finally {
      ticket.leave();
    }
  };

  access.action(
    app,
    {
      path: '/slack/interactions',
      action: 'slack_interaction',
      subject: () => ({ namespace: ownNamespace, name: 'slack', kind: 'Slack' }),
      right: undefined,
    },
    async (c) => {
      if (slack === undefined || !slack.proof.isOpen()) return refusedAction(c, slackIsClosed());
      return receive(c, slack);
    },
  );
}

function busy() {
  return retryAfter(BUSY_RETRY_SECONDS, problem('HW_BUSY', 'Too much is in work; press the button again.'));
}
