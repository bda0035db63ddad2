/** The presets that credentials and deployments can name: those of this version, and those that people added. */
import { movedTo } from '../../domain/presets/own-preset.ts';
import { CODED_PROVIDERS, type Preset } from '../../domain/presets/preset.ts';
import { readPreset } from '../../domain/presets/read-preset.ts';
import { type CredentialRow, PLATFORM } from '../../store/catalogue/credentials.ts';
import * as presets from '../../store/catalogue/presets.ts';
import type { Database } from '../../store/database.ts';
import type { AdminDeps } from '../http/deps.ts';
import { invalid } from '../http/problem.ts';

type Deps = Pick<AdminDeps, 'upstream'>;

/** Returns the preset that a provider names; null if it has code of its own. Throws 400 if there is none. */
export async function requirePreset({ upstream }: Deps, db: Database, provider: string): Promise<Preset | null> {
  if (CODED_PROVIDERS.has(provider)) return null;
  const row = await presets.find(db, provider);
  const found = row === null ? (shippedById(upstream, provider) ?? null) : presetOf(row);
  if (found === null) throw invalid('/provider', `there is no provider and no preset ${provider}`);
  return found;
}

/**
 * Throws 400 for an own credential of a preset with another address than the preset's: how it is called is the platform's to change.
 * A caller who names the address that they saw is refused if the preset has moved since.
 */
export function requirePresetAddress(preset: Preset | null, baseUrl: string | null | undefined, owner: string): void {
  if (owner !== PLATFORM && preset !== null && baseUrl != null && baseUrl !== preset.baseUrl)
    throw invalid(
      '/base_url',
      `must be absent, null or the preset's address, ${preset.baseUrl}. For another one use the provider whose API it speaks`,
    );
}

/**
 * Returns, by provider, the new addresses of presets that have moved since the secrets of these own credentials were given. Reads
 * presets only if a row is of one.
 */
export async function movedPresets(
  db: Database,
  rows: readonly Pick<CredentialRow, 'owner' | 'provider' | 'baseUrl'>[],
): Promise<(row: Pick<CredentialRow, 'owner' | 'provider' | 'baseUrl'>) => string | null> {
  const isConcerned = ({ owner, provider }: Pick<CredentialRow, 'owner' | 'provider'>) =>
    owner !== PLATFORM && !CODED_PROVIDERS.has(provider);
  if (!rows.some(isConcerned)) return () => null;
  const added = new Map((await presets.all(db)).map((row) => [row.id, presetOf(row)]));
  const ids = new Set(added.keys());
  return (row) => {
    const preset = isConcerned(row) ? (added.get(row.provider) ?? null) : null;
    return preset === null ? null : movedTo(row, preset, ids);
  };
}

/** Returns all presets that this version can read: the shipped ones, and then those that people added. */
export async function knownPresets(
  { upstream }: Deps,
  db: Database,
): Promise<readonly { readonly preset: Preset; readonly isShipped: boolean }[]> {
  const rows = await presets.all(db);
  const added = new Set(rows.map(({ id }) => id));
  return [
    ...upstream.shippedPresets.filter(({ id }) => !added.has(id)).map((preset) => ({ preset, isShipped: true })),
    ...rows.flatMap((row) => presetOf(row) ?? []).map((preset) => ({ preset, isShipped: false })),
  ];
}

export function shippedById({ shippedPresets }: Deps['upstream'], id: string): Preset | undefined {
  return shippedPresets.find((preset) => preset.id === id);
}

/** Returns a stored preset; null if this version cannot read it. Its address was checked when it was stored. */
export function presetOf({ id, definition }: presets.PresetRow): Preset | null {
  const read = readPreset(definition, () => null);
  return 'preset' in read && read.preset.id === id ? read.preset : null;
}
