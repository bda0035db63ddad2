import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { activateProvider, effectOfStop, type IdentityProvider, STOPS } from '../../../api/identity.ts';
import { ProblemNote } from '../../../components/Asked.tsx';
import { ConfirmByName } from '../../../components/dialogs/ConfirmByName.tsx';
import { saved } from '../../../components/dialogs/saved.ts';
import { words } from '../words.ts';

/** Lets people sign in by a provider that a test passed for. */
export function useActivate(provider: IdentityProvider) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: () => activateProvider(provider),
    onSuccess: async () => {
      saved(words.isActiveNow(provider.name));
      await refresh();
    },
    onError: (error) => notifications.show({ color: 'red', title: words.thatDidNotWork, message: error.message }),
  });
}

interface StopProps {
  readonly provider: IdentityProvider;
  readonly onClose: () => void;
}

export function SwitchOffDialog({ provider, onClose }: StopProps) {
  const refresh = useRefresh();
  const effect = useStopEffect('switch-off', provider);
  const { name } = provider;
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={words.switchOffNamed(name)}
      name={null}
      verb={words.switchOff}
      isKnown={effect.isSuccess}
      consequences={[words.offStopsSignIn, ...endedWords(effect.data), words.offCanReturn]}
      action={async () => {
        await STOPS['switch-off'](provider);
        saved(words.isOffNow(name));
        await refresh();
      }}
    >
      {effect.isError && <ProblemNote error={effect.error} />}
    </ConfirmByName>
  );
}

export function DeleteProviderDialog({ provider, onClose }: StopProps) {
  const refresh = useRefresh();
  const effect = useStopEffect('delete', provider);
  const { name } = provider;
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={words.deleteNamed(name)}
      name={name}
      verb={words.deleteProvider}
      isKnown={effect.isSuccess}
      consequences={[words.deletionStopsSignIn, ...endedWords(effect.data), words.deletionUnlinks, words.deletionKeepsMembers]}
      action={async () => {
        await STOPS.delete(provider);
        saved(words.providerDeleted(name));
        await refresh();
      }}
    >
      {effect.isError && <ProblemNote error={effect.error} />}
    </ConfirmByName>
  );
}

/** Asks what stopping a provider would end, or why it cannot be stopped. */
function useStopEffect(stop: keyof typeof STOPS, provider: IdentityProvider) {
  return useQuery({
    queryKey: ['effect', stop, provider.id],
    queryFn: () => effectOfStop(stop, provider),
    gcTime: 0,
    retry: false,
  });
}

function endedWords(sessions: number | undefined): readonly string[] {
  return sessions === undefined ? [] : [sessions === 0 ? words.endsNoSession : words.endsSessions(sessions)];
}

function useRefresh() {
  const queryClient = useQueryClient();
  return () =>
    Promise.all(
      ['identity-providers', 'group-mappings', 'sign-in-policy', 'identity-links'].map((name) =>
        queryClient.invalidateQueries({ queryKey: [name] }),
      ),
    );
}
