import { type UseFormReturnType, useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Problem } from '../api/client.ts';
import { Asked } from './Asked.tsx';
import { type Choices, ConflictDialog } from './ConflictDialog.tsx';
import { EffectPreview, useEffectOf } from './EffectPreview.tsx';
import { bodyOf, changedParts, type EditPart, type Merge, mergeOf } from './edit-parts.ts';
import { DialogForm, FormDialog } from './FormDialog.tsx';
import { saved } from './saved.ts';

interface Version<T> {
  readonly data: T;
  readonly etag: string | null;
}

interface EditDialogProps<T, V extends object> {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** `This key`: what somebody else may have changed. */
  readonly what: string;
  /** Below /api/v1; also names the object in the cache. */
  readonly path: string;
  readonly read: () => Promise<Version<T>>;
  readonly draftOf: (data: T) => V;
  readonly parts: readonly EditPart<V>[];
  readonly save: (body: object, etag: string | null) => Promise<unknown>;
  readonly invalidates: readonly string[];
  readonly children: (form: UseFormReturnType<V>, data: T) => ReactNode;
}

/**
 * Changes one object: reads it afresh, sends only what differs with the version that was read, shows the effect beforehand, and when
 * somebody else was faster shows both versions.
 */
export function EditDialog<T, V extends object>(props: EditDialogProps<T, V>) {
  return (
    <FormDialog opened={props.opened} onClose={props.onClose} title={props.title} size="xl">
      <Loaded {...props} />
    </FormDialog>
  );
}

function Loaded<T, V extends object>(props: EditDialogProps<T, V>) {
  const version = useQuery({
    queryKey: ['edited', props.path],
    queryFn: props.read,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return <Asked query={version}>{(loaded) => <Editing {...props} loaded={loaded} />}</Asked>;
}

function Editing<T, V extends object>(props: EditDialogProps<T, V> & { readonly loaded: Version<T> }) {
  const { parts, draftOf, loaded } = props;
  const [base, setBase] = useState({ data: loaded.data, draft: draftOf(loaded.data), etag: loaded.etag });
  const [conflict, setConflict] = useState<{ readonly merge: Merge<V>; readonly theirs: typeof base } | null>(null);
  const form = useForm<V>({ initialValues: base.draft });
  const changed = changedParts(parts, form.getValues(), base.draft);
  const telling = changed.filter(({ hasEffect }) => hasEffect === true);
  const effect = useEffectOf(props.path, telling.length === 0 ? null : bodyOf(telling, form.getValues()));
  const save = async (values: V) => {
    try {
      await props.save(bodyOf(changedParts(parts, values, base.draft), values), base.etag);
    } catch (error) {
      if (!(error instanceof Problem && error.status === 412)) throw error;
      const { data, etag } = await props.read();
      const theirs = { data, draft: draftOf(data), etag };
      setConflict({ merge: mergeOf(parts, { base: base.draft, mine: values, theirs: theirs.draft }), theirs });
      throw new Problem(412, 'Somebody saved in between. Nothing of yours is lost: look at what is here now and save again.');
    }
  };
  const resolve = (choices: Choices) => {
    if (conflict === null) return;
    const { merge, theirs } = conflict;
    const fromThem = [...merge.taken, ...merge.conflicts.filter(({ name }) => choices[name] === 'theirs')];
    form.setValues({ ...form.getValues(), ...pick(theirs.draft, fromThem) });
    form.resetDirty(theirs.draft);
    setBase(theirs);
    setConflict(null);
  };
  return (
    <>
      <DialogForm
        form={form}
        verb="Save"
        invalidates={props.invalidates}
        save={save}
        onSaved={() => saved(`${props.what} was changed.`)}
      >
        {props.children(form, base.data)}
        {telling.length > 0 && <EffectPreview query={effect} />}
      </DialogForm>
      {conflict !== null && (
        <ConflictDialog
          opened
          what={props.what}
          fields={conflict.merge.conflicts.map((part) => ({
            name: part.name,
            label: part.label,
            yours: part.words(form.getValues()),
            theirs: part.words(conflict.theirs.draft),
          }))}
          taken={conflict.merge.taken.map(({ label }) => label)}
          onResolve={resolve}
          onCancel={() => setConflict(null)}
        />
      )}
    </>
  );
}

function pick<V extends object>(draft: V, parts: readonly EditPart<V>[]): Partial<V> {
  return Object.fromEntries(parts.map(({ name }) => [name, draft[name]])) as Partial<V>;
}
