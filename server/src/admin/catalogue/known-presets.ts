/** The presets that credentials and deployments can name: those of this version, and those that people added. */
import { CODED_PROVIDERS, type Preset } from '../../domain/presets/preset.ts';
import { readPreset } from '../../domain/presets/read-preset.ts';
import { PLATFORM } from '../../store/catalogue/credentials.ts';
import * as presets from '../../store/catalogue/presets.ts';
import type { Database } from '../../store/database.ts';
import type { AdminDeps } from '../http/deps.ts';
import { invalid } from '../http/problem.ts';

type Deps = Pick<AdminDeps, 'upstream'>;

/**
 * Returns the preset that a provider names; null if it has code of its own. Throws 400 if there is none. Presets are the platform's:
 * a change of one must not reach what an organization brought.
 */
export async function requirePreset({ upstream }: Deps, db: Database, provider: string, owner: string): Promise<Preset | null> {
  if (CODED_PROVIDERS.has(provider)) return null;
  if (owner !== PLATFORM) throw invalid('/provider', 'must be a provider with code of its own: presets are the platform’s');
  const row = await presets.find(db, provider);
  const found = row === null ? (shippedById(upstream, provider) ?? null) : presetOf(row);
  if (found === null) throw invalid('/provider', `there is no provider and no preset ${provider}`);
  return found;
}

export function shippedById({ shippedPresets }: Deps['upstream'], id: string): Preset | undefined {
  return shippedPresets.find((preset) => preset.id === id);
}

/** Returns a stored preset; null if this version cannot read it. Its address was checked when it was stored. */
export function presetOf({ id, definition }: presets.PresetRow): Preset | null {
  const read = readPreset(definition, () => null);
  return 'preset' in read && read.preset.id === id ? read.preset : null;
}
