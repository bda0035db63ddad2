import { useQueryClient } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { saved } from '../../components/dialogs/saved.ts';

interface TakeOverTokenProps {
  readonly token: Schema<'AdminToken'> | null;
  readonly onClose: () => void;
}

/** Asks before a person takes over a token and becomes responsible for it. */
export function TakeOverToken({ token, onClose }: TakeOverTokenProps) {
  const queryClient = useQueryClient();
  const isMachines = token?.owner.kind === 'service_account';
  return (
    <ConfirmByName
      opened={token !== null}
      onClose={onClose}
      title="Take over admin token"
      name={null}
      verb="Take over token"
      consequences={
        isMachines
          ? ['You become responsible for its service account and for all of its tokens.', 'They work again at once.']
          : ['It belongs to you from now on and keeps working.', 'It stops working when you no longer have its role.']
      }
      action={async () => {
        await asked(api.POST('/admin-tokens/{id}/take-over', { params: { path: { id: token?.id ?? '' } }, body: {} }));
        await queryClient.invalidateQueries({ queryKey: ['admin-tokens'] });
        saved(`${token?.name} belongs to you now.`);
      }}
    />
  );
}
