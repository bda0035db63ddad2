import { Group, Select, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import type { OwnMode } from '../../api/own-providers.ts';
import { saved } from '../../components/dialogs/saved.ts';
import { words } from './words.ts';

const ORDERS: readonly { readonly value: OwnMode; readonly label: string }[] = [
  { value: 'own_first', label: words.ownFirst },
  { value: 'own_only', label: words.ownOnly },
];

/** The order of own deployments and the platform’s. */
export function OwnUse({ organizationId }: { organizationId: string }) {
  const params = { path: { id: organizationId } };
  const queryClient = useQueryClient();
  const use = useQuery({
    queryKey: ['own-providers', organizationId],
    queryFn: () => asked(api.GET('/organizations/{id}/own-providers', { params })),
  });
  const changing = useMutation({
    mutationFn: (own_deployments: OwnMode) =>
      asked(api.PATCH('/organizations/{id}/own-providers', { params, body: { own_deployments } })),
    onSuccess: async () => {
      saved(words.wasChanged);
      await queryClient.invalidateQueries({ queryKey: ['own-providers', organizationId] });
    },
  });
  const mode = use.data?.own_deployments ?? 'own_first';
  return (
    <Group align="flex-end" gap="md">
      <Select
        label={words.order}
        allowDeselect={false}
        w={340}
        data={[...ORDERS]}
        value={mode}
        disabled={use.data === undefined || changing.isPending}
        onChange={(value) => value !== null && changing.mutate(value as OwnMode)}
        error={(changing.error ?? use.error)?.message}
      />
      <Text fz="sm" c="dimmed">
        {mode === 'own_only' ? words.ownOnlyMeans : words.ownFirstMeans}
      </Text>
    </Group>
  );
}
