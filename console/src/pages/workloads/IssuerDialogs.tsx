import { Checkbox, MultiSelect, Select, TagsInput, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { api, asked } from '../../api/client.ts';
import { firstErrorOf } from '../../api/field-errors.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { type EditPart, namePart } from '../../components/dialogs/edit-parts.ts';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import {
  ALGORITHMS,
  algorithmsBody,
  type Issuer,
  type IssuerDraft,
  issuerDraft,
  lifeBody,
  NEW_ISSUER,
  RULES,
  sourceBody,
} from './issuer-draft.ts';
import { PRESETS } from './presets.ts';
import { words } from './words.ts';

export const TOUCHED = ['trusted-issuers', 'trust-rules'];

interface CreateIssuerProps {
  readonly opened: boolean;
  readonly organizationId: string;
  readonly onClose: () => void;
}

export function CreateIssuer({ opened, organizationId, onClose }: CreateIssuerProps) {
  const path = { id: organizationId };
  return (
    <CreateDialog<IssuerDraft, Issuer>
      opened={opened}
      onClose={onClose}
      title={words.trustIssuer}
      initial={NEW_ISSUER}
      validate={RULES}
      verb={words.trustIssuer}
      invalidates={TOUCHED}
      save={(draft, header) =>
        asked(
          api.POST('/organizations/{id}/trusted-issuers', {
            params: { path, header },
            body: {
              name: draft.name.trim(),
              issuer: draft.issuer.trim(),
              ...sourceBody(draft),
              algorithms: algorithmsBody(draft),
              token_types: [...draft.token_types],
              ...lifeBody(draft),
              direct: draft.direct,
            },
          }),
        )
      }
    >
      {(form) => (
        <>
          <Select
            label={words.startFrom}
            description={words.startFromMeans}
            placeholder={words.nothingChosen}
            data={PRESETS.map(({ value, label }) => ({ value, label }))}
            onChange={(value) => {
              const preset = PRESETS.find((one) => one.value === value);
              if (preset !== undefined) form.setValues(preset.issuer);
            }}
          />
          <TextInput data-autofocus label={words.name} maxLength={200} {...form.getInputProps('name')} />
          <TextInput
            label={words.issuer}
            description={words.issuerMeans}
            placeholder={words.issuerExample}
            maxLength={512}
            {...form.getInputProps('issuer')}
          />
          <SharedFields form={form} />
        </>
      )}
    </CreateDialog>
  );
}

const PARTS: readonly EditPart<IssuerDraft>[] = [
  namePart(),
  {
    name: 'key_source',
    label: words.keys,
    body: sourceBody,
    words: ({ key_source }) => words.sources[key_source],
  },
  {
    name: 'algorithms',
    label: words.algorithms,
    body: (draft) => ({ algorithms: algorithmsBody(draft) }),
    words: ({ algorithms }) => algorithms.join(', '),
  },
  { name: 'token_types', label: words.tokenTypes, words: ({ token_types }) => token_types.join(', ') },
  {
    name: 'life_seconds_max',
    label: words.longestLife,
    body: lifeBody,
    words: ({ life_seconds_max }) => String(life_seconds_max),
  },
  { name: 'direct', label: words.direct, words: ({ direct }) => (direct ? words.on : words.off) },
];

export function EditIssuer({ issuer, onClose }: { issuer: Issuer; onClose: () => void }) {
  return (
    <EditDialog<Issuer, IssuerDraft>
      opened
      onClose={onClose}
      title={words.editNamed(issuer.name)}
      size="lg"
      what={words.thisIssuer}
      path={`/organizations/${issuer.organization_id}/trusted-issuers/${issuer.id}`}
      draftOf={issuerDraft}
      parts={PARTS}
      validate={RULES}
      invalidates={TOUCHED}
    >
      {(form) => (
        <>
          <TextInput data-autofocus label={words.name} maxLength={200} {...form.getInputProps('name')} />
          <TextInput label={words.issuer} description={words.issuerStays} value={issuer.issuer} readOnly />
          <SharedFields form={form} />
        </>
      )}
    </EditDialog>
  );
}

function SharedFields({ form }: { form: UseFormReturnType<IssuerDraft> }) {
  const { key_source: source } = form.values;
  return (
    <>
      <Select
        label={words.keys}
        description={words.sourceMeans[source]}
        allowDeselect={false}
        data={[
          { value: 'discovery', label: words.sources.discovery },
          { value: 'url', label: words.sources.url },
          { value: 'pasted', label: words.sources.pasted },
        ]}
        {...form.getInputProps('key_source')}
      />
      {source === 'url' && <TextInput label={words.keysUrl} type="url" maxLength={2_048} {...form.getInputProps('keys_url')} />}
      {source === 'pasted' && (
        <Textarea
          label={words.pastedKeys}
          description={words.pastedKeysMean}
          autosize
          minRows={4}
          maxRows={12}
          classNames={{ input: 'mono' }}
          {...form.getInputProps('pasted_keys')}
        />
      )}
      <MultiSelect
        label={words.algorithms}
        data={[...ALGORITHMS]}
        {...form.getInputProps('algorithms')}
        value={[...form.values.algorithms]}
      />
      <TagsInput
        label={words.tokenTypes}
        description={words.tokenTypesMean}
        maxTags={10}
        {...form.getInputProps('token_types')}
        value={[...form.values.token_types]}
        error={firstErrorOf(form.errors, 'token_types')}
      />
      <WholeNumberInput
        label={words.longestLife}
        description={words.longestLifeMeans}
        {...form.getInputProps('life_seconds_max')}
      />
      <Checkbox label={words.direct} description={words.directMeans} {...form.getInputProps('direct', { type: 'checkbox' })} />
    </>
  );
}
