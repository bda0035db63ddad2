import type { PresetChoice } from '../../api/presets.ts';
import { words } from './words.ts';

export interface ProviderOption {
  readonly value: string;
  readonly label: string;
}

/** Returns the options of a field for a provider: those with code, and then the presets. It is said which are not proven. */
export function providerOptions(coded: readonly ProviderOption[], presets: readonly PresetChoice[]) {
  const items = presets.map(({ id, name, is_proven }) => ({ value: id, label: is_proven ? name : words.optionNotProven(name) }));
  return [{ group: words.providers, items: [...coded] }, ...(items.length === 0 ? [] : [{ group: words.presets, items }])];
}
