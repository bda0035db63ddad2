import { Autocomplete, Paper, Select, Stack, TagsInput, Textarea } from '@mantine/core';
import { useKnownTags } from '../../api/known-tags.ts';
import type { Draft } from '../../api/media/fields.ts';
import { KINDS, type Kind } from '../../api/media/kinds.ts';
import { PlacedSelect } from '../../components/fields/PlacedSelect.tsx';
import { TAGS_MAX } from '../../forms/TagFields.tsx';
import { ChatSettings } from './ChatSettings.tsx';
import { type CallSettings, moreOf } from './conversation.ts';
import { MediaFields } from './MediaFields.tsx';
import { type Mode, useCallable } from './useCallable.ts';
import { words } from './words.ts';

/** The choices that are in the page's address. */
export interface Choices {
  readonly key?: string | undefined;
  readonly model?: string | undefined;
  readonly mode?: string | undefined;
  readonly call?: string | undefined;
  readonly dialect?: string | undefined;
}

interface SettingsProps {
  readonly settings: CallSettings;
  readonly mode: Mode;
  /** Null: a conversation. */
  readonly kind: Kind | null;
  readonly draft: Draft;
  readonly onChoose: (choices: Choices) => void;
  readonly onChange: (change: Partial<Omit<CallSettings, 'keyId' | 'dialect' | 'model'>>) => void;
  readonly onDraft: (draft: Draft) => void;
}

/** The settings of a call: the key, the target, what it is to do, and the parameters. */
export function Settings({ settings, mode, kind, draft, onChoose, onChange, onDraft }: SettingsProps) {
  const callable = useCallable(settings.keyId);
  return (
    <Paper withBorder p="sm">
      <Stack gap="sm">
        <PlacedSelect
          kind="key"
          label={words.key}
          value={settings.keyId === '' ? undefined : settings.keyId}
          onChange={(key) => onChoose({ key, mode: undefined })}
        />
        <Autocomplete
          label={words.modelOrRouteGroup}
          description={callable.about}
          data={[...callable.names]}
          value={settings.model}
          onChange={(model) => onChoose({ model, mode: undefined, call: undefined })}
          maxDropdownHeight={280}
        />
        <Select
          label={words.mode}
          description={words.modeMeans}
          data={Object.entries(words.modes).map(([value, label]) => ({ value, label }))}
          allowDeselect={false}
          value={mode}
          onChange={(chosen) => onChoose({ mode: chosen ?? undefined, call: undefined })}
        />
        {kind === null ? (
          <ChatSettings
            settings={settings}
            isOneDialect={mode === 'completion'}
            onDialect={(dialect) => onChoose({ dialect })}
            onChange={onChange}
          />
        ) : (
          <>
            <KindSelect kind={kind} onChange={(call) => onChoose({ call })} />
            <MediaFields fields={kind.fields.filter(({ isMain }) => isMain !== true)} draft={draft} onChange={onDraft} />
          </>
        )}
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
      </Stack>
    </Paper>
  );
}

/** Chooses between the calls that a mode has; nothing if it has one. */
function KindSelect({ kind, onChange }: { kind: Kind; onChange: (id: string | undefined) => void }) {
  const kinds = KINDS.filter(({ mode }) => mode === kind.mode);
  if (kinds.length < 2) return null;
  return (
    <Select
      label={words.call}
      data={kinds.map(({ id, name }) => ({ value: id, label: name }))}
      allowDeselect={false}
      value={kind.id}
      onChange={(id) => onChange(id === kinds[0]?.id ? undefined : (id ?? undefined))}
    />
  );
}
