import { Alert, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { useBaseUrl } from '../../api/session.tsx';
import { CopyField } from '../CopyField.tsx';
import { Snippets } from './Snippets.tsx';
import { words } from './words.ts';

interface KeySecretProps {
  readonly keyId: string;
  readonly secret: string;
}

/** A key's secret, shown only once, with calls that are ready to paste. */
export function KeySecret({ keyId, secret }: KeySecretProps) {
  const baseUrl = useBaseUrl();
  const callable = useCallable(keyId);
  return (
    <Stack gap="md">
      <CopyField label={words.secret} description={words.storeSecretNow} value={secret} />
      {callable.data === null ? (
        <Alert color="yellow" p="xs">
          {words.keyCannotCall}
        </Alert>
      ) : (
        <div>
          <Text fz="sm" fw={500} mb={6}>
            {words.readyToPaste}
          </Text>
          <Snippets baseUrl={baseUrl} secret={secret} model={callable.data?.name ?? '…'} mode={callable.data?.mode ?? 'chat'} />
        </div>
      )}
    </Stack>
  );
}

/** Finds a name that the key can call, preferably a chat model. Null if there is none. */
function useCallable(keyId: string) {
  return useQuery({
    queryKey: ['callable-targets', keyId, 'first'],
    queryFn: async () => {
      const first = async (query: { mode?: 'chat' }) => {
        const params = { path: { id: keyId }, query: { ...query, limit: 1 } };
        return (await asked(api.GET('/keys/{id}/callable-targets', { params }))).data[0] ?? null;
      };
      return (await first({ mode: 'chat' })) ?? first({});
    },
  });
}
