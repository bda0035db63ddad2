import { api, asked } from '../../../api/client.ts';
import type { Organization } from '../../../api/organizations.ts';
import { CreateDialog } from '../../../components/dialogs/CreateDialog.tsx';
import { EditDialog } from '../../../components/dialogs/EditDialog.tsx';
import { saved } from '../../../components/dialogs/saved.ts';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { words } from '../words.ts';
import { OrganizationFields, SECTIONS } from './OrganizationFields.tsx';
import {
  draftOf,
  faultsOf,
  NEW_ORGANIZATION,
  ORGANIZATION_PARTS,
  type OrganizationDraft,
  organizationBody,
} from './organization-draft.ts';

interface OrganizationDialogProps {
  readonly opened: boolean;
  /** Null creates one. */
  readonly organizationId: string | null;
  /** The title of the section at which the dialog opens. */
  readonly openedAt?: string | undefined;
  /** The field at which the dialog opens: `rate_limits.rpm`. */
  readonly at?: string | undefined;
  readonly onClose: () => void;
  readonly onSaved?: (organization: Organization) => void;
}

/** Edits all of an organization in one dialog: identity, budgets, limits, access, audit. One transaction saves it. */
export function OrganizationDialog({ organizationId, onSaved, ...rest }: OrganizationDialogProps) {
  const [{ template, like }] = useUrlState();
  const shared = {
    ...rest,
    size: 1_040,
    sections: organizationId === null ? [words.startFrom, ...SECTIONS] : SECTIONS,
    validate: faultsOf,
    invalidates: ['organizations', 'organization'],
  };
  if (organizationId !== null) return <EditOrganization {...shared} id={organizationId} />;
  return (
    <CreateDialog<OrganizationDraft, Organization>
      {...shared}
      title={words.createOrganization}
      verb={words.createOrganization}
      initial={NEW_ORGANIZATION}
      save={(draft, header) => {
        const source = like === undefined ? { template_id: template } : { like_organization_id: like };
        return asked(api.POST('/organizations', { params: { header }, body: { ...organizationBody(draft), ...source } }));
      }}
      onSaved={(made) => {
        saved(words.wasCreated(made.name));
        onSaved?.(made);
      }}
    >
      {(form) => <OrganizationFields form={form} of={null} />}
    </CreateDialog>
  );
}

type Shared = Pick<
  Parameters<typeof EditDialog<Organization, OrganizationDraft>>[0],
  'opened' | 'openedAt' | 'at' | 'onClose' | 'size' | 'sections' | 'validate' | 'invalidates'
>;

function EditOrganization({ id, ...shared }: Shared & { id: string }) {
  return (
    <EditDialog<Organization, OrganizationDraft>
      {...shared}
      title={words.editOrganization}
      what={words.thisOrganization}
      path={`/organizations/${id}`}
      draftOf={draftOf}
      parts={ORGANIZATION_PARTS}
    >
      {(form, read) => <OrganizationFields form={form} of={read} />}
    </EditDialog>
  );
}
