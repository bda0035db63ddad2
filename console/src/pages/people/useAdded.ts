import { useQueryClient } from '@tanstack/react-query';
import type { Schema } from '../../api/client.ts';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import type { Added } from './add-person.ts';
import { words } from './words.ts';

/** The cached lists that show people and their places. */
export const STALE_PEOPLE = [
  'invitations',
  'members',
  'accounts',
  'candidates',
  'team-members',
  'teams',
  'organization',
  'organizations',
] as const;

/**
 * Returns a function that reports what adding a person did: offers to undo it, or passes the invitation on, whose link is shown
 * once.
 */
export function useAdded(onInvited: (sent: Schema<'SentInvitation'>) => void) {
  const queryClient = useQueryClient();
  return (added: Added, place: string | undefined) => {
    if (added.is === 'invited') return onInvited(added.sent);
    doneWithUndo(place === undefined ? words.wasAdded(added.name) : words.wasAddedTo(added.name, place), async () => {
      await added.undo();
      await Promise.all(STALE_PEOPLE.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
    });
  };
}
