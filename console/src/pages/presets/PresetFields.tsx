import { JsonInput, Select, SimpleGrid, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import type { PresetForm } from './preset-draft.ts';
import { WIRES } from './preset-draft.ts';
import { words } from './words.ts';

const THINKING = ['reasoning_content', 'reasoning', 'content', 'none'];
const FAMILIES = ['openai', 'anthropic', 'none'];
const SPANS = ['minute', 'day'] as const;

/** The fields of a preset. */
export function PresetFields({ form, isNew }: { form: PresetForm; isNew: boolean }) {
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        {isNew && (
          <TextInput
            data-autofocus
            label={words.id}
            description={words.idMeans}
            placeholder={words.idExample}
            required
            spellCheck={false}
            {...form.getInputProps('id')}
          />
        )}
        <TextInput label={words.name} placeholder={words.nameExample} required {...form.getInputProps('name')} />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          label={words.baseUrl}
          description={words.baseUrlMeans}
          placeholder={words.baseUrlExample}
          required
          inputMode="url"
          {...form.getInputProps('base_url')}
        />
        <TextInput label={words.auth} description={words.authMeans} required spellCheck={false} {...form.getInputProps('auth')} />
      </SimpleGrid>
      <Paths form={form} />
      <Requests form={form} />
      <Answers form={form} />
    </>
  );
}

function Paths({ form }: { form: PresetForm }) {
  return (
    <Stack gap="xs" role="group" aria-label={words.wires}>
      <Text fz="sm" c="dimmed">
        {words.wiresMean}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        {WIRES.map((wire) => (
          <TextInput key={wire} label={words.wireName[wire]} spellCheck={false} {...form.getInputProps(`wires.${wire}`)} />
        ))}
      </SimpleGrid>
    </Stack>
  );
}

/** The fields that change requests. */
function Requests({ form }: { form: PresetForm }) {
  return (
    <>
      <TagsInput label={words.drop} description={words.dropMeans} {...form.getInputProps('drop')} />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <JsonInput
          label={words.rename}
          description={words.renameMeans}
          autosize
          minRows={2}
          maxRows={8}
          {...form.getInputProps('rename')}
        />
        <JsonInput
          label={words.values}
          description={words.valuesMean}
          autosize
          minRows={2}
          maxRows={8}
          {...form.getInputProps('values')}
        />
      </SimpleGrid>
      <Select
        label={words.thinking}
        description={words.thinkingMeans}
        allowDeselect={false}
        data={[{ value: '', label: words.byModel }, ...THINKING]}
        {...form.getInputProps('thinking')}
      />
    </>
  );
}

/** The fields by which answers are read. */
function Answers({ form }: { form: PresetForm }) {
  return (
    <>
      <TagsInput label={words.usageAt} description={words.usageAtMeans} {...form.getInputProps('usage_at')} />
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <Select label={words.limitFamily} allowDeselect={false} data={FAMILIES} {...form.getInputProps('limit_family')} />
        <Select
          label={words.limitSpan}
          allowDeselect={false}
          data={SPANS.map((value) => ({ value, label: words.limitSpanName[value] }))}
          {...form.getInputProps('limit_span')}
        />
        <TextInput label={words.prices} spellCheck={false} {...form.getInputProps('prices')} />
      </SimpleGrid>
    </>
  );
}
