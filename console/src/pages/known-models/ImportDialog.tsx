import { Button, FileButton, Group, Select, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { ImportPreview } from './ImportPreview.tsx';
import { bodyOf, type ImportDraft, importFaults, isReady, NEW_IMPORT, readFile } from './import-draft.ts';
import { words } from './words.ts';

interface ImportDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Imports a list of prices. What would change is shown before anything is stored. */
export function ImportDialog({ opened, onClose }: ImportDialogProps) {
  return (
    <FormDialog opened={opened} onClose={onClose} title={words.importPrices} size="xl">
      <ImportForm />
    </FormDialog>
  );
}

const DEBOUNCE_MS = 400;

function ImportForm() {
  const form = useForm<ImportDraft>({ initialValues: NEW_IMPORT, validate: importFaults });
  const [draft] = useDebouncedValue(form.values, DEBOUNCE_MS);
  const { file, ...texts } = draft;
  const preview = useQuery({
    // The file itself is too long for a key.
    queryKey: ['price-list-import', texts, file?.readAt],
    queryFn: () => asked(api.POST('/price-lists', { params: { query: { dry_run: true } }, body: bodyOf(draft) })),
    enabled: isReady(draft),
    gcTime: 0,
    retry: false,
  });
  return (
    <DialogForm
      form={form}
      save={(values, header) => asked(api.POST('/price-lists', { params: { query: {}, header }, body: bodyOf(values) }))}
      onSaved={({ counts, deployments }) => saved(words.imported(counts.added + counts.changed, deployments.length))}
      invalidates={['price-lists', 'known-models', 'model-list', 'deployments', 'prices', 'price-suggestion']}
      verb={words.importPrices}
      maySave={preview.isSuccess && draft === form.values}
      beforeSaving={<ImportPreview isAsked={isReady(draft)} query={preview} />}
    >
      <Fields form={form} />
    </DialogForm>
  );
}

function Fields({ form }: { form: UseFormReturnType<ImportDraft> }) {
  return (
    <Stack gap="sm">
      <FileField form={form} />
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <TextInput label={words.listName} description={words.sameNameReplaces} required {...form.getInputProps('name')} />
        <TextInput label={words.version} description={words.versionMeans} required {...form.getInputProps('version')} />
        <TextInput label={words.publishedOn} description={words.dayMeans} type="date" {...form.getInputProps('publishedOn')} />
      </SimpleGrid>
      <Select
        label={words.setPricesOf}
        allowDeselect={false}
        data={[
          { value: 'keep', label: words.setNone },
          { value: 'unpriced', label: words.setUnpriced },
          { value: 'all', label: words.setAll },
        ]}
        {...form.getInputProps('deployments')}
      />
    </Stack>
  );
}

function FileField({ form }: { form: UseFormReturnType<ImportDraft> }) {
  const [fault, setFault] = useState<string | null>(null);
  const { file } = form.values;
  const choose = async (chosen: File | null) => {
    if (chosen === null) return;
    const read = await readFile(chosen);
    setFault(typeof read === 'string' ? read : null);
    form.setFieldValue('file', typeof read === 'string' ? null : read);
  };
  return (
    <Stack gap={4}>
      <Text fz="sm" c="dimmed">
        {words.fileMeans}
      </Text>
      <Group gap="sm">
        <FileButton accept="application/json,.json" onChange={(chosen) => void choose(chosen)}>
          {(props) => (
            <Button variant="default" {...props}>
              {words.chooseAFile}
            </Button>
          )}
        </FileButton>
        {file !== null && <Text fz="sm">{words.fileChosen(file.name, file.entries)}</Text>}
      </Group>
      {(fault ?? form.errors.file) != null && (
        <Text fz="xs" c="red" role="alert">
          {fault ?? form.errors.file}
        </Text>
      )}
    </Stack>
  );
}
