import { NumberInput, Select, Switch, Textarea } from '@mantine/core';
import { DIALECTS } from '../../api/dialects/dialects.ts';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import type { CallSettings } from './conversation.ts';
import { words } from './words.ts';

interface ChatSettingsProps {
  readonly settings: CallSettings;
  /** True if the target speaks one dialect only. */
  readonly isOneDialect: boolean;
  readonly onDialect: (id: string | undefined) => void;
  readonly onChange: (change: Partial<Omit<CallSettings, 'keyId' | 'dialect' | 'model'>>) => void;
}

const TOKENS_MAX = 10_000_000;
const TEMPERATURE_MAX = 2;

/** The dialect and the parameters of a conversation. */
export function ChatSettings({ settings, isOneDialect, onDialect, onChange }: ChatSettingsProps) {
  return (
    <>
      {!isOneDialect && (
        <Select
          label={words.dialect}
          description={words.dialectMeans}
          data={DIALECTS.map(({ id, name }) => ({ value: id, label: name }))}
          allowDeselect={false}
          value={settings.dialect.id}
          onChange={(id) => onDialect(id === DIALECTS[0]?.id ? undefined : (id ?? undefined))}
        />
      )}
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
      <Switch
        label={words.streamTheAnswer}
        checked={settings.stream}
        onChange={(event) => onChange({ stream: event.currentTarget.checked })}
      />
    </>
  );
}
