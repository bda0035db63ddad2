import { Code, Stack, Text } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, askedWithETag } from '../../api/client.ts';
import { useCan } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { Time } from '../../components/Time.tsx';
import { Section } from '../profile/Section.tsx';
import { ManagedSettingsForm } from './ManagedSettingsForm.tsx';
import type { SettingsPlace, StoredSettings } from './managed-place.ts';
import { RiskyParts } from './RiskyParts.tsx';
import { words } from './words.ts';

/** Shows the managed settings of Claude Code, and lets who may edit or delete them. */
export function ManagedSettings({ place }: { place: SettingsPlace }) {
  const [doing, setDoing] = useState<'edit' | 'remove' | null>(null);
  const queryClient = useQueryClient();
  const verdict = useCan(place.is === 'teams' ? 'teams.manage' : 'identity.manage', place.organizationId);
  const settings = useQuery({ queryKey: ['managed-settings', place.id], queryFn: () => readSettings(place) });
  return (
    <Section
      title={words.managedSettings}
      about={`${words.managedMean}${place.is === 'teams' ? ` ${words.organizationWins}` : ''}`}
      actions={
        <>
          <GuardedButton
            variant="default"
            verdict={verdict}
            leftSection={<IconPencil size={16} />}
            disabled={settings.data === undefined}
            onClick={() => setDoing('edit')}
          >
            {settings.data?.data.settings == null ? words.set : words.edit}
          </GuardedButton>
          {settings.data?.data.settings != null && (
            <GuardedButton
              variant="default"
              verdict={verdict}
              leftSection={<IconTrash size={16} />}
              onClick={() => setDoing('remove')}
            >
              {words.remove}
            </GuardedButton>
          )}
        </>
      }
    >
      <Asked query={settings}>{(read) => <Shown of={read} />}</Asked>
      <FormDialog opened={doing === 'edit'} onClose={() => setDoing(null)} title={words.managedSettings} size="xl">
        {settings.data !== undefined && <ManagedSettingsForm place={place} stored={settings.data} />}
      </FormDialog>
      <ConfirmByName
        opened={doing === 'remove'}
        onClose={() => setDoing(null)}
        title={words.remove}
        name={null}
        verb={words.remove}
        consequences={[words.removeMeans]}
        action={async () => {
          const params = { path: { id: place.id } };
          await asked(
            place.is === 'teams'
              ? api.DELETE('/teams/{id}/managed-settings', { params })
              : api.DELETE('/organizations/{id}/managed-settings', { params }),
          );
          saved(words.wereRemoved);
          await queryClient.invalidateQueries({ queryKey: ['managed-settings'] });
        }}
      />
    </Section>
  );
}

function Shown({ of }: { of: StoredSettings }) {
  const { settings, risky, updated_at: at, updated_by: by } = of.data;
  if (settings === null)
    return (
      <Text fz="sm" c="dimmed">
        {words.noneSet}
      </Text>
    );
  return (
    <Stack gap="xs">
      <Code block mah={360} style={{ overflow: 'auto' }} tabIndex={0} role="region" aria-label={words.json}>
        {JSON.stringify(settings, null, 2)}
      </Code>
      {risky.length > 0 && <RiskyParts parts={risky} />}
      <Text fz="xs" c="dimmed">
        {words.lastChanged} <Time at={at} relative /> {words.by} <bdi>{by}</bdi>
      </Text>
    </Stack>
  );
}

function readSettings({ is, id }: SettingsPlace): Promise<StoredSettings> {
  const params = { path: { id } };
  return askedWithETag(
    is === 'teams'
      ? api.GET('/teams/{id}/managed-settings', { params })
      : api.GET('/organizations/{id}/managed-settings', { params }),
  );
}
