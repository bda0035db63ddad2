import { type UseFormInput, type UseFormReturnType, useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Asked } from '../Asked.tsx';
import { ConflictDialog } from './ConflictDialog.tsx';
import { EffectPreview, useEffectOf } from './EffectPreview.tsx';
import { bodyOf, changedParts } from './edit-parts.ts';
import { DialogForm, FormDialog } from './FormDialog.tsx';
import { OpenAt } from './OpenAt.tsx';
import { saved } from './saved.ts';
import { type Editable, useEdited, type Version } from './useEdited.ts';

interface EditDialogProps<T, V extends object> extends Editable<T, V> {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly size?: string;
  /** The field at which the dialog opens: `rate_limits.rpm`. */
  readonly at?: string | undefined;
  /** The object that somebody else may have changed: `This key`. */
  readonly what: string;
  /** The path below /api/v1. Also the object's key in the cache. */
  readonly path: string;
  readonly invalidates: readonly string[];
  readonly validate?: NonNullable<UseFormInput<V>['validate']>;
  /** The text of the save button. Defaults to `Save`. */
  readonly verb?: string;
  /** The notification after saving. Without it, a default says that the object was changed. */
  readonly done?: string;
  /** Content to the left of the buttons, such as a test call. */
  readonly aside?: (draft: V) => ReactNode;
  readonly children: (form: UseFormReturnType<V>, data: T) => ReactNode;
}

/**
 * Edits one object. Reads it when the dialog opens, and shows the effect of the change before saving. Sends only what differs,
 * with the version that was read. If somebody else saved first, shows both versions.
 */
export function EditDialog<T, V extends object>(props: EditDialogProps<T, V>) {
  return (
    <FormDialog opened={props.opened} onClose={props.onClose} title={props.title} size={props.size ?? 'xl'}>
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
  return (
    <Asked query={version}>
      {(loaded) => (
        <OpenAt field={props.at ?? null}>
          <Editing {...props} loaded={loaded} />
        </OpenAt>
      )}
    </Asked>
  );
}

function Editing<T, V extends object>(props: EditDialogProps<T, V> & { readonly loaded: Version<T> }) {
  const { parts, what } = props;
  const form = useForm<V>({
    initialValues: props.draftOf(props.loaded.data),
    ...(props.validate === undefined ? {} : { validate: props.validate }),
  });
  const edited = useEdited(props, props.loaded, (draft, base) => {
    form.setValues(draft);
    form.resetDirty(base);
  });
  const changed = changedParts(parts, form.getValues(), edited.base.draft);
  const telling = changed.filter(({ hasEffect }) => hasEffect === true);
  const effect = useEffectOf(props.path, telling.length === 0 ? null : bodyOf(telling, form.getValues()));
  return (
    <>
      <DialogForm
        form={form}
        verb={props.verb ?? 'Save'}
        invalidates={props.invalidates}
        save={edited.save}
        onSaved={() => saved(props.done ?? `${what} was changed.`)}
        aside={props.aside?.(form.values)}
      >
        {props.children(form, edited.base.data)}
        {telling.length > 0 && <EffectPreview query={effect} />}
      </DialogForm>
      {edited.question !== null && <ConflictDialog opened what={what} {...edited.question} />}
    </>
  );
}
