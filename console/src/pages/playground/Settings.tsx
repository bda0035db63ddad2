import { Autocomplete, NumberInput, Paper, Select, Stack, Switch, TagsInput, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { DIALECTS } from '../../api/dialects/dialects.ts';
import { useKnownTags } from '../../api/known-tags.ts';
import { PlacedSelect } from '../../components/fields/PlacedSelect.tsx';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import { TAGS_MAX } from '../../forms/TagFields.tsx';
import { type CallSettings, moreOf } from './conversation.ts';
import { words } from './words.ts';

interface SettingsProps {
  readonly settings: CallSettings;
  readonly onKey: (keyId: string | undefined) => void;
  readonly onDialect: (id: string | undefined) => void;
  readonly onModel: (model: string) => void;
  readonly onChange: (change: Partial<Omit<CallSettings, 'keyId' | 'dialect' | 'model'>>) => void;
}

const TOKENS_MAX = 10_000_000;
const TEMPERATURE_MAX = 2;

/** The settings of a call: the key, the target, the dialect and the parameters. */
export function Settings({ settings, onKey, onDialect, onModel, onChange }: SettingsProps) {
  const callable = useCallable(settings.keyId);
  return (
    <Paper withBorder p="sm">
      <Stack gap="sm">
        <PlacedSelect kind="key" label={words.key} value={settings.keyId === '' ? undefined : settings.keyId} onChange={onKey} />
        <Autocomplete
          label={words.modelOrRouteGroup}
          description={callable.about}
          data={[...callable.names]}
          value={settings.model}
          onChange={onModel}
          maxDropdownHeight={280}
        />
        <Select
          label={words.dialect}
          description={words.dialectMeans}
          data={DIALECTS.map(({ id, name }) => ({ value: id, label: name }))}
          allowDeselect={false}
          value={settings.dialect.id}
          onChange={(id) => onDialect(id === DIALECTS[0]?.id ? undefined : (id ?? undefined))}
        />
        <Textarea
          label={words.systemMessage}
          autosize
          minRows={2}
          maxRows={8}
          value={settings.system}
          onChange={(event) => onChange({ system: event.currentTarget.value })}
        />
        <WholeNumberInput
          label={words.maximumOutputTokens}
          description={words.outputTokensMean}
          min={1}
          max={TOKENS_MAX}
          value={settings.maxTokens}
          onChange={(maxTokens) => onChange({ maxTokens })}
        />
        <NumberInput
          label={words.temperature}
          description={words.temperatureMeans}
          min={0}
          max={TEMPERATURE_MAX}
          step={0.1}
          value={settings.temperature}
          onChange={(temperature) => onChange({ temperature })}
        />
        <Textarea
          label={words.moreFields}
          description={words.moreFieldsMean}
          placeholder={words.moreFieldsExample}
          autosize
          minRows={1}
          maxRows={8}
          spellCheck={false}
          classNames={{ input: 'mono' }}
          error={moreOf(settings.more) === null ? words.noObject : undefined}
          value={settings.more}
          onChange={(event) => onChange({ more: event.currentTarget.value })}
        />
        <TagsInput
          label={words.tags}
          description={words.tagsMean}
          data={[...useKnownTags()]}
          maxTags={TAGS_MAX}
          value={[...settings.tags]}
          onChange={(tags) => onChange({ tags })}
        />
        <Switch
          label={words.streamTheAnswer}
          checked={settings.stream}
          onChange={(event) => onChange({ stream: event.currentTarget.checked })}
        />
      </Stack>
    </Paper>
  );
}

/** Returns the names that the key can call, from the server's explanation of its access. */
function useCallable(keyId: string): { names: readonly string[]; about: string } {
  const access = useQuery({
    queryKey: ['access', 'explain-key', keyId, undefined],
    queryFn: () => asked(api.GET('/access/explain', { params: { query: { key_id: keyId } } })),
    enabled: keyId !== '',
  });
  if (keyId === '') return { names: [], about: words.chooseKeyFirst };
  if (access.data === undefined || !('key_id' in access.data)) return { names: [], about: words.lookingUp };
  const names = access.data.data.filter(({ allowed }) => allowed).map(({ target }) => target);
  const known = names.length === 1 ? words.canCallOne : words.canCallMany(names.length);
  return { names, about: words.typeAnother(known) };
}
