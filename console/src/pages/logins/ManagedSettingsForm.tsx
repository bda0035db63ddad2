import { JsonInput, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { api, asked, ifMatch, type Schema, stored as storedAnswer } from '../../api/client.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { DialogForm } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import type { SettingsPlace, StoredSettings } from './managed-place.ts';
import { RiskyParts } from './RiskyParts.tsx';
import { words } from './words.ts';

type Settings = NonNullable<Schema<'ManagedSettings'>['settings']>;

const CHECK_AFTER_MS = 400;
const CHARS_MAX = 262_144;

/** Edits managed settings as JSON. Says before saving which added parts act on people's computers. */
export function ManagedSettingsForm({ place, stored }: { place: SettingsPlace; stored: StoredSettings }) {
  const form = useForm({
    initialValues: { json: stored.data.settings === null ? '{\n  \n}' : JSON.stringify(stored.data.settings, null, 2) },
    validate: { json: (text) => faultOf(text) },
  });
  const [json] = useDebouncedValue(form.values.json, CHECK_AFTER_MS);
  const isChanged = form.isDirty();
  const effect = useQuery({
    queryKey: ['managed-settings-effect', place.id, json],
    queryFn: () => rehearse(place, json),
    enabled: isChanged && faultOf(json) === null,
    gcTime: 0,
    retry: false,
  });
  return (
    <DialogForm
      form={form}
      verb={words.save}
      invalidates={['managed-settings']}
      maySave={isChanged && faultOf(form.values.json) === null}
      save={({ json: text }) => save(place, text, stored.etag)}
      onSaved={() => saved(words.wereSaved)}
      beforeSaving={
        isChanged && effect.data !== undefined ? (
          effect.data.effect.risky_added.length > 0 ? (
            <RiskyParts parts={effect.data.effect.risky_added} />
          ) : (
            <Text fz="sm" c="dimmed">
              {words.nothingRisky}
            </Text>
          )
        ) : effect.isError ? (
          <ProblemNote error={effect.error} />
        ) : null
      }
    >
      <JsonInput
        label={words.json}
        description={words.jsonMeans}
        autosize
        minRows={12}
        maxRows={24}
        maxLength={CHARS_MAX}
        spellCheck={false}
        data-autofocus
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        {...form.getInputProps('json')}
      />
    </DialogForm>
  );
}

function faultOf(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? null : words.notAnObject;
  } catch {
    return words.notJson;
  }
}

function put(place: SettingsPlace, json: string, more: { readonly isRehearsal: boolean; readonly etag: string | null }) {
  const body = { settings: JSON.parse(json) as Settings };
  const query = more.isRehearsal ? { dry_run: true } : {};
  const params = { path: { id: place.id }, query, header: ifMatch(more.etag) };
  return place.is === 'teams'
    ? api.PUT('/teams/{id}/managed-settings', { params, body })
    : api.PUT('/organizations/{id}/managed-settings', { params, body });
}

async function rehearse(place: SettingsPlace, json: string): Promise<Schema<'ManagedSettingsEffect'>> {
  return (await asked(put(place, json, { isRehearsal: true, etag: null }))) as Schema<'ManagedSettingsEffect'>;
}

async function save(place: SettingsPlace, json: string, etag: string | null): Promise<void> {
  await storedAnswer(put(place, json, { isRehearsal: false, etag }));
}
