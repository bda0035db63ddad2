import { pseudonymOf } from '../../lib/pseudonyms.ts';
import type { AdminCall } from '../http/call.ts';

/** Returns the names under which an end user or a session may be stored: as it is named, and in one organization also its pseudonym. */
export function storedNamesOf(
  { deps }: Pick<AdminCall, 'deps'>,
  organization: { readonly id: string } | null,
  named: string,
): readonly string[] {
  return organization === null ? [named] : [named, pseudonymOf(deps.keys.content.installation, organization.id, named)];
}
