import { Autocomplete, FileInput, Textarea } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useState } from 'react';
import { type Draft, type DraftValue, type Field, readUpload, UPLOAD_BYTES_MAX, type Upload } from '../../api/media/fields.ts';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import { bytesText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

interface MediaFieldsProps {
  readonly fields: readonly Field[];
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}

/** The inputs of a call that is no conversation. */
export function MediaFields({ fields, draft, onChange }: MediaFieldsProps) {
  return fields.map((field) => (
    <Input
      key={field.name}
      field={field}
      value={draft[field.name] ?? field.initial}
      others={Object.entries(draft).flatMap(([name, value]) => (name === field.name ? [] : filesIn(value)))}
      onChange={(value) => onChange({ ...draft, [field.name]: value })}
    />
  ));
}

interface InputProps {
  readonly field: Field;
  readonly value: DraftValue | undefined;
  /** The files of the other fields. All of a call share one bound. */
  readonly others: readonly Upload[];
  readonly onChange: (value: DraftValue | undefined) => void;
}

function Input({ field, value, others, onChange }: InputProps) {
  const description = field.is === 'lines' ? words.oneInEachLine : words.fieldMeans[field.name];
  const shared = { label: words.field[field.name], description };
  switch (field.is) {
    case 'number':
      return (
        <WholeNumberInput {...shared} min={1} max={field.max ?? 1} value={(value as number | '') ?? ''} onChange={onChange} />
      );
    case 'choice':
      return (
        <Autocomplete
          {...shared}
          data={[...(field.choices ?? [])]}
          value={String(value ?? '')}
          onChange={onChange}
          maxDropdownHeight={280}
        />
      );
    case 'file':
    case 'files':
      return <Files field={field} files={filesIn(value)} others={others} onChange={onChange} />;
    default:
      return (
        <Textarea
          {...shared}
          autosize
          minRows={field.isMain === true ? (field.is === 'lines' ? 3 : 2) : 1}
          maxRows={12}
          value={String(value ?? '')}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}

interface FilesProps extends Omit<InputProps, 'value'> {
  readonly files: readonly Upload[];
}

function Files({ field, files, others, onChange }: FilesProps) {
  const [fault, setFault] = useState<string | null>(null);
  // The input shows the names. The content is in the draft.
  const [chosen, setChosen] = useState<readonly File[]>([]);
  const choose = async (next: readonly File[]) => {
    const bytes = [...next.map(({ size }) => size), ...others.map((one) => one.bytes)].reduce((sum, one) => sum + one, 0);
    const wrong = bytes > UPLOAD_BYTES_MAX ? words.filesTooLarge(bytesText(bytes), bytesText(UPLOAD_BYTES_MAX)) : null;
    const read = wrong === null ? await Promise.all(next.map(readUpload)).catch(() => null) : [];
    setFault(wrong ?? (read === null ? words.fileUnreadable : null));
    setChosen(wrong === null && read !== null ? next : []);
    onChange(read === null || read.length === 0 ? undefined : read);
  };
  const shared = {
    label: words.field[field.name],
    description: words.fieldMeans[field.name],
    placeholder: field.is === 'files' ? words.chooseFiles : words.chooseFile,
    leftSection: <IconUpload size={16} aria-hidden />,
    accept: field.accept ?? '',
    clearable: true,
    clearButtonProps: { 'aria-label': words.removeTheFile },
    error: fault,
  };
  const isKept = files.length > 0;
  if (field.is === 'files')
    return <FileInput {...shared} multiple value={isKept ? [...chosen] : []} onChange={(next) => void choose(next)} />;
  return (
    <FileInput
      {...shared}
      value={isKept ? (chosen[0] ?? null) : null}
      onChange={(next) => void choose(next === null ? [] : [next])}
    />
  );
}

function filesIn(value: DraftValue | undefined): readonly Upload[] {
  return Array.isArray(value) ? (value as readonly Upload[]) : [];
}
