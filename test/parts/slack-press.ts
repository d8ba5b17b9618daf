import { createHmac } from 'node:crypto';

/** A button that somebody presses in Slack. */
export interface Press {
  readonly action: 'approve' | 'reject';
  /** `namespace/name/uid`, as the button has it. */
  readonly value: string;
  /** `U012AB3CD`, called alice, of the workspace T0 unless told. */
  readonly user?: { readonly id: string; readonly name?: string; readonly team?: string };
  readonly responseUrl?: string;
  readonly secret: string;
  readonly atMs: number;
  /** In place of the payload that all this makes. */
  readonly payload?: unknown;
}

/** What Slack posts then: a form, and headers that prove it. */
export interface Posted {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const RESPONSE_URL = 'https://hooks.slack.com/actions/T0/1/hunter2';

/** (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload) */
export function posted(press: Press): Posted {
  const { action, value, user = { id: 'U012AB3CD' }, responseUrl = RESPONSE_URL } = press;
  const { id, name = 'alice', team = 'T0' } = user;
  const payload = press.payload ?? {
    type: 'block_actions',
    user: { id, username: name, name, team_id: team },
    api_app_id: 'A0',
    token: 'not used any more',
    container: { type: 'message', message_ts: '1', channel_id: 'C0', is_ephemeral: false },
    trigger_id: String(press.atMs),
    team: { id: 'T0', domain: 'example' },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: 'C0', name: 'deployments' },
    response_url: responseUrl,
    actions: [
      {
        type: 'button',
        action_id: `${action}_update`,
        block_id: 'x',
        text: { type: 'plain_text', text: action },
        value,
        action_ts: '1',
      },
    ],
  };
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  return { body, headers: signatureOf(body, press) };
}

/** The headers by which Slack proves a body. */
export function signatureOf(
  body: string,
  { secret, atMs }: Pick<Press, 'secret' | 'atMs'>,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(atMs / 1000));
  const mac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${mac}`,
  };
}
