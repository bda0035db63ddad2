import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from './client.ts';

export type Preset = Schema<'Preset'>;

/**
 * Returns every preset; empty while they are loaded, and if they are not needed. The key of the query begins with that of the list
 * of presets.
 */
export function usePresets({ isNeeded = true }: { readonly isNeeded?: boolean } = {}): readonly Preset[] {
  const listed = useQuery({ queryKey: ['presets', 'choice'], queryFn: allPresets, staleTime: 60_000, enabled: isNeeded });
  return listed.data ?? [];
}

export async function allPresets(): Promise<readonly Preset[]> {
  return (await asked(api.GET('/presets'))).data;
}
