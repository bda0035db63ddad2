import { type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, ifMatch, Problem } from '../../../api/client.ts';
import { fieldErrorsOf } from '../../../api/field-errors.ts';
import { type Organization, readOrganization } from '../../../api/organizations.ts';
import { newIdempotencyKey } from '../../../components/dialogs/FormDialog.tsx';
import { refreshOrganizations } from './LifecycleDialog.tsx';
import {
  bodyOf,
  changedSections,
  changesOf,
  draftOf,
  NEW_ORGANIZATION,
  type OrganizationDraft,
  type Section,
} from './organization-draft.ts';

export interface ReadVersion {
  readonly data: Organization;
  readonly etag: string | null;
}

/** Another version saved in between: its values, the sections that both sides changed, and those that only the other changed. */
interface Conflict {
  readonly version: ReadVersion;
  readonly theirs: OrganizationDraft;
  readonly both: readonly Section[];
  readonly onlyTheirs: readonly Section[];
}

interface Options {
  /** The version to edit. Null creates an organization. */
  readonly read: ReadVersion | null;
  readonly onSaved: (organization: Organization) => void;
}

/** Holds the state of the dialog: the typed values, the base, saving once, and the conflict if somebody else saved first. */
export function useOrganizationForm({ read, onSaved }: Options) {
  const queryClient = useQueryClient();
  const [version, setVersion] = useState(read);
  const [base, setBase] = useState<OrganizationDraft>(() => (read === null ? NEW_ORGANIZATION : draftOf(read.data)));
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [idempotencyKey] = useState(newIdempotencyKey);
  const form = useForm<OrganizationDraft>({ initialValues: base, validate });
  const changed = changedSections(base, form.values);
  const saving = useMutation({
    mutationFn: (draft: OrganizationDraft) =>
      version === null ? create(draft, idempotencyKey) : update(version, changesOf(base, draft)),
    onSuccess: async (saved) => {
      onSaved(saved);
      await refreshOrganizations(queryClient);
    },
    onError: async (error, draft) => {
      if (!(error instanceof Problem)) return;
      form.setErrors(fieldErrorsOf(error));
      if (error.status === 412 && version !== null) setConflict(await compare(version, base, draft));
    },
  });
  const resolve = (choices: Readonly<Record<string, 'yours' | 'theirs'>>) => {
    if (conflict === null) return;
    form.setValues(merged(form.values, conflict, choices));
    setBase(conflict.theirs);
    setVersion(conflict.version);
    setConflict(null);
    saving.reset();
  };
  return { form, base, changed, saving, conflict, resolve, dismissConflict: () => setConflict(null) };
}

export type OrganizationFormState = ReturnType<typeof useOrganizationForm>;
export type OrganizationFormInputs = UseFormReturnType<OrganizationDraft>;

function validate(draft: OrganizationDraft): Record<string, string> {
  const errors: Record<string, string> = {};
  if (draft.name.trim() === '') errors.name = 'Enter a name.';
  if (draft.slug.trim() === '') errors.slug = 'Enter a slug.';
  for (const [index, budget] of draft.budgets.entries()) {
    if (budget.amount.trim() === '') errors[`budgets.${index}.amount`] = 'Enter an amount, or remove this budget.';
    if (budget.period === 'rolling' && budget.rolling_length === '')
      errors[`budgets.${index}.${budget.rolling_unit}`] = 'Enter a length.';
    if (budget.kind !== 'everything' && budget.name.trim() === '')
      errors[`budgets.${index}.${budget.kind}`] = 'Enter a model, a route group or an access group.';
  }
  for (const [index, limit] of draft.model_limits.entries()) {
    if (limit.name.trim() === '')
      errors[`model_limits.${index}.${limit.kind}`] = 'Enter a model, a route group or an access group.';
  }
  return errors;
}

function create(draft: OrganizationDraft, idempotencyKey: string): Promise<Organization> {
  return asked(api.POST('/organizations', { params: { header: { 'idempotency-key': idempotencyKey } }, body: bodyOf(draft) }));
}

async function update({ data, etag }: ReadVersion, body: ReturnType<typeof changesOf>): Promise<Organization> {
  const header = ifMatch(etag);
  const saved = await asked(api.PATCH('/organizations/{id}', { params: { path: { id: data.id }, header }, body }));
  if ('effect' in saved) throw new Error('an effect is the answer to a dry run, and this was none');
  return saved;
}

async function compare({ data }: ReadVersion, base: OrganizationDraft, mine: OrganizationDraft): Promise<Conflict> {
  const version = await readOrganization(data.id);
  const theirs = draftOf(version.data);
  const yours = new Set(changedSections(base, mine));
  const differing = new Set(changedSections(theirs, mine));
  const changedByThem = changedSections(base, theirs);
  return {
    version,
    theirs,
    both: changedByThem.filter((section) => yours.has(section) && differing.has(section)),
    onlyTheirs: changedByThem.filter((section) => !yours.has(section)),
  };
}

function merged(
  mine: OrganizationDraft,
  { theirs, both, onlyTheirs }: Conflict,
  choices: Readonly<Record<string, 'yours' | 'theirs'>>,
): OrganizationDraft {
  const takeTheirs = [...onlyTheirs, ...both.filter((section) => choices[section] === 'theirs')];
  return { ...mine, ...Object.fromEntries(takeTheirs.map((section) => [section, theirs[section]])) };
}
