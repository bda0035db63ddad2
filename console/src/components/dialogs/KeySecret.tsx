import { Alert, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { CopyField } from '../CopyField.tsx';
import { Snippets } from './Snippets.tsx';
import { words } from './words.ts';

interface KeySecretProps {
  readonly keyId: string;
  readonly secret: string;
}

/** A key's secret, shown only once, with calls that are ready to paste. */
export function KeySecret({ keyId, secret }: KeySecretProps) {
  const { public_url: baseUrl } = useSession();
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
          <Snippets baseUrl={baseUrl.replace(/\/+$/, '')} secret={secret} model={callable.data ?? '…'} />
        </div>
      )}
    </Stack>
  );
}

/** Finds a name that the key can call, preferably a chat model. Null if there is none. */
function useCallable(keyId: string) {
  return useQuery({
    queryKey: ['access', 'first-callable', keyId],
    queryFn: async () => {
      const access = await asked(api.GET('/access/explain', { params: { query: { key_id: keyId } } }));
      const names = 'key_id' in access ? access.data.filter(({ allowed }) => allowed).map(({ target }) => target) : [];
      return names.find((name) => !/embed/i.test(name)) ?? names[0] ?? null;
    },
  });
}
