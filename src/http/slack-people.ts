import type { SlackTrust } from '../config/slack-trust.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { SlackInteraction } from '../notifications/slack-interaction.ts';
import type { AuthMode } from './auth/door.ts';
import type { KnownIdentity } from './auth.ts';

type SlackUser = SlackInteraction['user'];

/** Who a person in Slack is here. */
export interface SlackPerson {
  readonly identity: KnownIdentity;
  /** As a message shall name them. */
  readonly shown: string;
}

/** The name for somebody whom nobody has mapped: ids stay, names in Slack are changed at will. */
export function slackName({ id, teamId, isForeign }: SlackUser): string {
  return isForeign ? `slack:${teamId}/${id}` : `slack:${id}`;
}

/**
 * Who somebody is who pressed a button, or what to tell them. Where Kubernetes knows the people (mode `token`), everybody
 * has to be mapped; somebody of another workspace has to be named in any mode.
 */
export function identifySlackUser(
  user: SlackUser,
  { users, allowedUsers }: Pick<SlackTrust, 'users' | 'allowedUsers'>,
  mode: AuthMode,
): Result<SlackPerson> {
  const ids = idsOf(user);
  const [longest = user.id] = ids;
  const who = `${user.name.slice(0, 80)} (${longest})`;
  const isListed = ids.some((id) => allowedUsers?.includes(id) === true);
  if (allowedUsers !== undefined && !isListed)
    return fail(`Nothing was done: ${who} is not among those who may answer here (slack.allowedUsers).`);
  const mapped = ids.map((id) => users.get(id)).find((person) => person !== undefined);
  if (mapped !== undefined) {
    const { username, groups } = mapped;
    return ok({ identity: { kind: 'known', username, groups }, shown: username });
  }
  if (mode === 'token')
    return fail(
      `Nothing was done: Headwind does not know who ${who} is in Kubernetes. Whoever runs it has to say so in its notifications file: slack.users, ${longest}, username.`,
    );
  if (user.isForeign && !isListed)
    return fail(
      `Nothing was done: ${who} is of another workspace and has to be named in slack.users or slack.allowedUsers.`,
    );
  const username = slackName(user);
  return ok({ identity: { kind: 'known', username }, shown: `${user.name} (${username})` });
}

/** By which ids the file may speak of them; ids are a workspace's own, so others are named with theirs. */
function idsOf({ id, teamId, isForeign }: SlackUser): readonly string[] {
  const full = teamId === undefined ? [] : [`${teamId}/${id}`];
  return isForeign ? full : [...full, id];
}
