/** Presets as stored credentials use them: those of a version, and those that people added. */

import { MOVED_WORDS, movedTo } from '../../domain/presets/own-preset.ts';
import { CODED_PROVIDERS, type Preset } from '../../domain/presets/preset.ts';
import { readPreset } from '../../domain/presets/read-preset.ts';
import type { PresetRow } from '../catalogue/presets.ts';
import { UnusableCredential } from '../sealing/stored-credential.ts';
import type { OnUnreadable, OpenCredential } from './load-deployments.ts';

/**
 * Returns the presets by their ids. A row that people added counts before a shipped one of a later version with its id. One that
 * this version cannot read is no preset, so that nothing is sent by half of its rules.
 */
export function presetsFrom(
  rows: readonly PresetRow[],
  shipped: readonly Preset[],
  onUnreadable: OnUnreadable,
): ReadonlyMap<string, Preset> {
  const presets = new Map(shipped.map((preset) => [preset.id, preset]));
  for (const { id, definition } of rows) {
    presets.delete(id);
    // The address was checked by the rules of the platform when it was stored, and is again at each connection.
    const read = readPreset(definition, () => null);
    if ('preset' in read && read.preset.id === id) presets.set(id, read.preset);
    else onUnreadable('preset', id, new Error('fault' in read ? `${read.fault.field} ${read.fault.words}` : 'its id is another'));
  }
  return presets;
}

/**
 * Opens credentials with their presets. Throws for one whose provider has neither code nor a preset here, and, before its secret is
 * opened, for an own one whose preset has moved. `added`: the ids of presets that people added.
 */
export function withPreset(
  openCredential: OpenCredential,
  presets: ReadonlyMap<string, Preset>,
  added: ReadonlySet<string>,
): OpenCredential {
  return (row) => {
    if (CODED_PROVIDERS.has(row.provider)) return openCredential(row);
    const preset = presets.get(row.provider);
    if (preset === undefined) throw new UnusableCredential(`this version knows no provider and no preset ${row.provider}`);
    if (row.owner !== '' && movedTo(row, preset, added) !== null) throw new UnusableCredential(MOVED_WORDS);
    const credential = openCredential(row);
    const { other = null } = credential;
    if (other === null) return Object.freeze({ ...credential, preset });
    const before = Object.freeze({ ...other, credential: Object.freeze({ ...other.credential, preset }) });
    return Object.freeze({ ...credential, preset, other: before });
  };
}
