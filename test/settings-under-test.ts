import { planChange } from '../src/config/live-change.ts';
import { NO_FILES, orderLayers } from '../src/config/live-files.ts';
import { resolveLive, type LiveState } from '../src/config/live-resolution.ts';
import { environmentLayer, memberOf } from '../src/config/live-sources.ts';
import { viewLive } from '../src/config/live-view.ts';
import type { SettingsService } from '../src/http/settings-api.ts';

export interface SettingsUnderTest extends SettingsService {
  readonly configMap: Record<string, string>;
  readonly secret: Record<string, string>;
}

/** Settings that stand in two objects in memory, under the real rules. */
export function someSettings(env: Readonly<Record<string, string>> = {}): SettingsUnderTest {
  const configMap: Record<string, string> = {};
  const secret: Record<string, string> = {};
  const state = (): LiveState =>
    resolveLive(
      orderLayers(environmentLayer(env), NO_FILES, { configMap, uiConfigMap: {}, secret }),
      undefined,
    );
  const write = (object: Record<string, string>, data: Readonly<Record<string, string | null>>): void => {
    for (const [key, text] of Object.entries(data)) {
      if (text === null) delete object[key];
      else object[key] = text;
    }
  };
  return {
    configMap,
    secret,
    view: () => viewLive(state()),
    change(wish) {
      const planned = planChange(wish, { state: state(), forbidsHost: () => false });
      if (!planned.ok) return Promise.resolve(planned.error);
      write(configMap, planned.value.configMap);
      write(secret, planned.value.secret);
      return Promise.resolve({ kind: 'saved', changed: planned.value.changed.map(memberOf) });
    },
  };
}
