import { z } from 'zod';
import type { LiveView } from '../config/live-view.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { refusedAction, type Access, type Acted } from './access.ts';
import { readOptionalJson } from './body.ts';
import { refuse, type EdgeApp, type EdgeContext } from './edge.ts';
import { problem, type Problem } from './problem.ts';
import type { PreferencesView } from './settings-shapes.ts';

/** What a wish to change settings has come to. */
export type SettingsChange =
  | { readonly kind: 'saved'; readonly changed: readonly string[] }
  /** Nothing has been changed, or not everything; the messages are for a person. */
  | { readonly kind: 'invalid' | 'fixed' | 'unwritten'; readonly messages: readonly string[] };

/** The settings that can be changed while Headwind runs. */
export interface SettingsService {
  view(): LiveView;
  /** Changes what the wish names; rejects where the API server cannot be asked. */
  change(wish: object): Promise<SettingsChange>;
}

export interface SettingsDependencies {
  readonly settings: SettingsService;
  readonly access: Access;
  /** Where Headwind itself runs. */
  readonly ownNamespace: string;
  readonly preferences: () => PreferencesView;
}

const PATH = '/api/v1/settings';
const MAX_BODY_BYTES = 64 * 1024;
const Wish = z.record(z.string(), z.unknown());

/** `GET` and `PUT /api/v1/settings`, and what the page itself needs of them. */
export function mountSettings(
  app: EdgeApp,
  { settings, access, ownNamespace, preferences }: SettingsDependencies,
): void {
  app.get(PATH, async (c) => {
    const allowed = await access.may(c, { verb: 'get', resource: 'settings', namespace: ownNamespace });
    return allowed.ok ? c.json(answerOf(settings)) : refuse(c, allowed.error);
  });

  app.get('/api/v1/dashboard/preferences', (c) => c.json(preferences()));

  access.action(
    app,
    {
      method: 'PUT',
      path: PATH,
      action: 'update_settings',
      subject: () => ({ namespace: ownNamespace, name: 'settings', kind: 'Settings' }),
      right: ({ namespace }) => ({ verb: 'update', resource: 'settings', namespace }),
    },
    async (c) => {
      const wish = await readWish(c);
      if (!wish.ok) return refusedAction(c, wish.error);
      return answer(c, settings, await settings.change(wish.value));
    },
  );
}

async function readWish(c: EdgeContext): Promise<Result<object, Problem>> {
  const json = await readOptionalJson(c.req.raw, { maxBytes: MAX_BODY_BYTES });
  if (!json.ok) return json;
  const wish = Wish.safeParse(json.value);
  if (wish.success) return ok(wish.data);
  return fail(
    problem('HW_UNEXPECTED_SHAPE', 'The body must be {"polling"?: {…}, "notifications"?: {…}, …}.'),
  );
}

function answer(c: EdgeContext, settings: SettingsService, change: SettingsChange): Acted {
  if (change.kind !== 'saved') return refusedAction(c, refusalOf(change));
  const { changed } = change;
  const message = 'Configuration updated successfully';
  // Names alone: what they were changed to may be a secret.
  const reason = changed.length === 0 ? 'nothing is different' : `changed: ${changed.join(', ')}`;
  return { response: c.json({ message, changed, ...answerOf(settings) }), result: 'success', reason };
}

function answerOf(settings: SettingsService): object {
  const { settings: tree, sources, problems } = settings.view();
  return { ...tree, sources, problems };
}

const CODES = {
  invalid: 'HW_UNEXPECTED_SHAPE',
  fixed: 'HW_SETTING_FIXED',
  unwritten: 'HW_SETTINGS_NOT_WRITTEN',
} as const;

function refusalOf({ kind, messages }: Exclude<SettingsChange, { kind: 'saved' }>): Problem {
  const detail = `${messages.join('; ').replace(/\.$/, '')}.`;
  return { ...problem(CODES[kind], detail), members: { settings: messages } };
}
