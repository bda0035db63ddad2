import type { Schema } from '../api/client.ts';
import type { Bound } from './bind.ts';
import { RadioChoices } from './RadioChoices.tsx';
import { words } from './words.ts';

type CacheScope = Schema<'Organization'>['cache_scope'];

const SCOPES = [
  { value: 'off', label: words.off, about: words.noCacheMeans },
  { value: 'key', label: words.theSameKey, about: words.theSameKeyMeans },
  { value: 'team', label: words.theSameTeam, about: words.theSameTeamMeans },
  { value: 'organization', label: words.wholeOrganization, about: words.wholeOrganizationMeans },
] as const;

/** Edits whose requests get an answer of the exact cache again. */
export function CacheFields({ scope, disabled }: { scope: Bound<CacheScope>; disabled: boolean }) {
  return <RadioChoices of={scope} label={words.whoGetsThemAgain} about={words.cacheMeans} choices={SCOPES} disabled={disabled} />;
}
