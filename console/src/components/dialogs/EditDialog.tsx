import { Text } from '@mantine/core';
import { type UseFormInput, type UseFormReturnType, useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { readVersion, saverAt } from '../../api/objects.ts';
import { type Effect, effectOf } from '../../api/organizations.ts';
import { Asked } from '../Asked.tsx';
import { ConflictDialog } from './ConflictDialog.tsx';
import { EffectPreview, takesAway, useEffectOf } from './EffectPreview.tsx';
import { bodyOf, changedParts } from './edit-parts.ts';
import { DialogForm, type DialogFormProps, FormDialog } from './FormDialog.tsx';
import { OpenAt } from './OpenAt.tsx';
import { saved } from './saved.ts';
import { type Editable, useEdited, type Version } from './useEdited.ts';
import { words } from './words.ts';

/** The dialog around a form that edits an object or creates one. */
export type DialogProps = Pick<Parameters<typeof FormDialog>[0], 'opened' | 'onClose' | 'title' | 'size'>;

export interface FormProps<V extends object> extends Pick<DialogFormProps<V, never>, 'invalidates' | 'sections' | 'openedAt'> {
  readonly validate?: NonNullable<UseFormInput<V>['validate']>;
  /** Content to the left of the buttons, such as a test call. */
  readonly aside?: (draft: V) => ReactNode;
}

interface EditProps<T, V extends object>
  extends FormProps<V>,
    Omit<Editable<T, V>, 'read' | 'save'>,
    Partial<Pick<Editable<T, V>, 'read' | 'save'>> {
  /** The field at which the dialog opens: `rate_limits.rpm`. */
  readonly at?: string | undefined;
  /** The object that somebody else may have changed: `This key`. */
  readonly what: string;
  /** The path below /api/v1, for GET and PATCH unless `read` and `save` say otherwise. Also the object's key in the cache. */
  readonly path: string;
  /** True while something must be shown before saving. */
  readonly isWaiting?: boolean;
  /** The text of the save button. Defaults to `Save`. */
  readonly verb?: string;
  /** The notification after saving. Without it, a default says that the object was changed. Null: `save` shows its own. */
  readonly done?: string | null;
  /** Returns the effect of the change without storing it. Defaults to a dry run of a PATCH at `path`. */
  readonly effect?: (body: object, draft: V) => Promise<Effect>;
  readonly children: (form: UseFormReturnType<V>, data: T) => ReactNode;
}

/**
 * Edits one object. Reads it when the dialog opens, and shows the effect of the change before saving. Sends only what differs,
 * with the version that was read. If somebody else saved first, shows both versions.
 */
export function EditDialog<T, V extends object>({ opened, onClose, title, size = 'xl', ...rest }: DialogProps & EditProps<T, V>) {
  return (
    <FormDialog opened={opened} onClose={onClose} title={title} size={size}>
      <Loaded {...rest} />
    </FormDialog>
  );
}

function Loaded<T, V extends object>({ path, ...rest }: EditProps<T, V>) {
  const props = { read: () => readVersion<T>(path), save: saverAt(path), path, ...rest };
  const version = useQuery({
    queryKey: ['edited', path],
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

type EditingProps<T, V extends object> = EditProps<T, V> & Editable<T, V> & { readonly loaded: Version<T> };

function Editing<T, V extends object>(props: EditingProps<T, V>) {
  const { parts, what, path, verb = words.save, effect: ask = (body) => effectOf('PATCH', path, body) } = props;
  const form = useForm<V>({
    initialValues: props.draftOf(props.loaded.data),
    ...(props.validate === undefined ? {} : { validate: props.validate }),
  });
  const edited = useEdited(props, props.loaded, (draft, base) => {
    form.setValues(draft);
    form.resetDirty(base);
  });
  const draft = form.getValues();
  const changed = changedParts(parts, draft, edited.base.draft);
  const telling = changed.filter(({ hasEffect }) => hasEffect === true);
  const body = telling.length === 0 ? null : bodyOf(telling, draft);
  const effect = useEffectOf(path, body, () => ask(body ?? {}, draft));
  const isTaken = body !== null && takesAway(effect.data);
  return (
    <>
      <DialogForm
        form={form}
        verb={isTaken && props.verb === undefined ? words.saveAndApply : verb}
        invalidates={props.invalidates}
        sections={props.sections}
        openedAt={props.openedAt}
        save={edited.save}
        onSaved={() => props.done !== null && saved(props.done ?? words.wasChanged(what))}
        isUnsaved={changed.length > 0}
        maySave={changed.length > 0 && props.isWaiting !== true}
        aside={props.aside?.(draft) ?? <Changed labels={changed.map(({ label }) => label)} />}
        beforeSaving={body !== null && <EffectPreview query={effect} />}
      >
        {props.children(form, edited.base.data)}
      </DialogForm>
      {edited.question !== null && <ConflictDialog opened what={what} {...edited.question} />}
    </>
  );
}

function Changed({ labels }: { labels: readonly string[] }) {
  return (
    <Text fz="sm" c="dimmed" aria-live="polite">
      {labels.length > 0 && words.changedFields(labels.join(', '))}
    </Text>
  );
}
