import { Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { useBaseUrl } from '../../api/session.tsx';
import { CopyCode } from '../../components/CopyCode.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { CLIENTS, type Client } from './client-settings.ts';
import { words } from './words.ts';

/** The most names that a setting lists. */
const MODELS_MAX = 20;

interface ClientSettingsProps {
  readonly keyId: string;
  /** The name that the client calls unless told otherwise. */
  readonly model: string;
}

/** The settings with which a client calls a model through this gateway, ready to paste. */
export function ClientSettings({ keyId, model }: ClientSettingsProps) {
  const [state, set] = useUrlState();
  const baseUrl = useBaseUrl();
  const others = useChatNames(keyId).filter((name) => name !== model);
  const client = CLIENTS.find(({ id }) => id === state.client) ?? (CLIENTS[0] as Client);
  return (
    <Stack gap="xs">
      <Select
        label={words.client}
        description={words.settingMeans}
        data={CLIENTS.map(({ id, name }) => ({ value: id, label: name }))}
        allowDeselect={false}
        value={client.id}
        onChange={(id) => set({ client: id ?? undefined })}
        maw={320}
      />
      {client.texts.map(({ where, text }) => (
        <div key={where}>
          <Text fz="xs" c="dimmed" mb={4}>
            {where}
          </Text>
          <CopyCode
            text={text({ baseUrl, models: [model, ...others.slice(0, MODELS_MAX - 1)] })}
            label={words.setting(client.name, where)}
            copyLabel={words.theSetting(where)}
          />
        </div>
      ))}
    </Stack>
  );
}

/** Returns names of chat models that the key can call; none until they are known. */
function useChatNames(keyId: string): readonly string[] {
  const query = { mode: 'chat', sort: 'name', limit: MODELS_MAX } as const;
  const names = useQuery({
    queryKey: ['callable-targets', keyId, 'chat names'],
    queryFn: () => asked(api.GET('/keys/{id}/callable-targets', { params: { path: { id: keyId }, query } })),
  });
  return names.data?.data.map(({ name }) => name) ?? [];
}
