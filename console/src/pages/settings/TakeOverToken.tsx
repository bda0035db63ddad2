import { useQueryClient } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { words } from './words.ts';

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
      title={words.takeOverAdminToken}
      name={null}
      verb={words.takeOverToken}
      consequences={
        isMachines
          ? [words.youBecomeResponsible, words.theyWorkAgainAtOnce]
          : [words.belongsToYouAndWorks, words.stopsWithYourRole]
      }
      action={async () => {
        await asked(api.POST('/admin-tokens/{id}/take-over', { params: { path: { id: token?.id ?? '' } }, body: {} }));
        await queryClient.invalidateQueries({ queryKey: ['admin-tokens'] });
        saved(words.belongsToYouNow(token?.name));
      }}
    />
  );
}
