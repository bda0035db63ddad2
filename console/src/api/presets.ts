import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from './client.ts';

export type Preset = Schema<'Preset'>;

/** A preset as fields offer it. */
export type PresetChoice = Pick<Preset, 'id' | 'name' | 'base_url' | 'is_proven'>;

/** Returns every preset; empty while they are loaded, and if they are not needed. The key of the query begins with that of the list. */
export function usePresets({ isNeeded = true }: { readonly isNeeded?: boolean } = {}): readonly Preset[] {
  const listed = useQuery({ queryKey: ['presets', 'all'], queryFn: allPresets, staleTime: 60_000, enabled: isNeeded });
  return listed.data ?? [];
}

/** Returns the presets that credentials of this owner can name; empty while they are loaded. Null: the platform. The query's key begins with that of the list. */
export function usePresetsFor(owner: string | null): readonly PresetChoice[] {
  const listed = useQuery({
    queryKey: ['presets', 'choice', owner],
    queryFn: () => (owner === null ? readablePresets() : ownPresets(owner)),
    staleTime: 60_000,
  });
  return listed.data ?? [];
}

async function readablePresets(): Promise<readonly PresetChoice[]> {
  return (await allPresets()).filter(({ is_readable }) => is_readable);
}

async function ownPresets(owner: string): Promise<readonly PresetChoice[]> {
  return (await asked(api.GET('/organizations/{id}/own-presets', { params: { path: { id: owner } } }))).data;
}

export async function allPresets(): Promise<readonly Preset[]> {
  return (await asked(api.GET('/presets'))).data;
}
