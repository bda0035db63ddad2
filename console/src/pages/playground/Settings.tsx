import { Autocomplete, NumberInput, Paper, Stack, Switch, TagsInput, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { useKnownTags } from '../../api/known-tags.ts';
import { PlacedSelect } from '../../components/fields/PlacedSelect.tsx';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import { TAGS_MAX } from '../../forms/TagFields.tsx';
import type { CallSettings } from './conversation.ts';

interface SettingsProps {
  readonly settings: CallSettings;
  readonly onKey: (keyId: string | undefined) => void;
  readonly onModel: (model: string) => void;
  readonly onChange: (change: Partial<Omit<CallSettings, 'keyId' | 'model'>>) => void;
}

const TOKENS_MAX = 10_000_000;
const TEMPERATURE_MAX = 2;

/** The settings of a call: the key, the target and the parameters. */
export function Settings({ settings, onKey, onModel, onChange }: SettingsProps) {
  const callable = useCallable(settings.keyId);
  return (
    <Paper withBorder p="sm">
      <Stack gap="sm">
        <PlacedSelect kind="key" label="Key" value={settings.keyId === '' ? undefined : settings.keyId} onChange={onKey} />
        <Autocomplete
          label="Model or route group"
          description={callable.about}
          data={[...callable.names]}
          value={settings.model}
          onChange={onModel}
          maxDropdownHeight={280}
        />
        <Textarea
          label="System message"
          autosize
          minRows={2}
          maxRows={8}
          value={settings.system}
          onChange={(event) => onChange({ system: event.currentTarget.value })}
        />
        <WholeNumberInput
          label="Maximum output tokens"
          description="Less is held of budgets if this is lower."
          min={1}
          max={TOKENS_MAX}
          value={settings.maxTokens}
          onChange={(maxTokens) => onChange({ maxTokens })}
        />
        <NumberInput
          label="Temperature"
          description="Leave empty for the model’s default."
          min={0}
          max={TEMPERATURE_MAX}
          step={0.1}
          value={settings.temperature}
          onChange={(temperature) => onChange({ temperature })}
        />
        <TagsInput
          label="Tags"
          description="Sent as x-headgate-tags. They choose among the model’s deployments, and you can group usage by them."
          data={[...useKnownTags()]}
          maxTags={TAGS_MAX}
          value={[...settings.tags]}
          onChange={(tags) => onChange({ tags })}
        />
        <Switch
          label="Stream the answer"
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
  if (keyId === '') return { names: [], about: 'Choose a key to see what it can call.' };
  if (access.data === undefined || !('key_id' in access.data)) return { names: [], about: 'Looking up what it can call…' };
  const names = access.data.data.filter(({ allowed }) => allowed).map(({ target }) => target);
  const known = names.length === 1 ? 'The key can call 1 target.' : `The key can call ${names.length} targets.`;
  return { names, about: `${known} Type another name to see how it is refused.` };
}
