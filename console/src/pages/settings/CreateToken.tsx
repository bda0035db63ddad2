import { Select, TextInput } from '@mantine/core';
import { api, asked } from '../../api/client.ts';
import { type Session, useSession } from '../../api/session.tsx';
import { CreateForm } from '../../components/dialogs/CreateDialog.tsx';
import { FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { ORGANIZATION_ROLES, PLATFORM_ROLES, RoleSelect } from '../../components/fields/RoleSelect.tsx';
import { expiresAtOf, LASTS, type Lasts } from './token-expiry.ts';
import { ME, NEW, OwnerFields, useServiceAccount } from './token-owner.tsx';
import { words } from './words.ts';

type TokenRole = (typeof PLATFORM_ROLES)[number] | (typeof ORGANIZATION_ROLES)[number];

interface CreateTokenProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** The service account that is the owner at first, and its organization. */
  readonly ownerId: string | undefined;
  readonly organizationId: string | undefined;
  /** Receives the token, which the server returns only once. */
  readonly onCreated: (secret: string) => void;
}

export function CreateToken({ opened, onClose, ...rest }: CreateTokenProps) {
  return (
    <FormDialog opened={opened} onClose={onClose} title={words.createAdminToken}>
      <TokenForm {...rest} />
    </FormDialog>
  );
}

function TokenForm({ ownerId, organizationId, onCreated }: Omit<CreateTokenProps, 'opened' | 'onClose'>) {
  const session = useSession();
  const places = placesOf(session);
  const serviceAccountId = useServiceAccount();
  return (
    <CreateForm
      initial={{
        name: '',
        role: firstRole(session, organizationId),
        organization_id: organizationId ?? places[0]?.value ?? null,
        owner: ownerId ?? ME,
        account_name: '',
        responsible: session.account.id as string | undefined,
        lasts: '90' as Lasts,
      }}
      validate={{
        name: (name) => (name.trim() === '' ? words.enterName : null),
        organization_id: (id, { role }) => (isOfPlatform(role) || id !== null ? null : words.chooseOrganization),
        account_name: (name, { owner }) => (owner === NEW && name.trim() === '' ? words.enterMachineName : null),
      }}
      verb={words.createAdminToken}
      invalidates={['admin-tokens', 'token-accounts']}
      save={async ({ name, role, lasts, ...owner }, header) => {
        const place = placeOf({ role, organization_id: owner.organization_id });
        const service_account_id = await serviceAccountId(owner, place);
        const body = { name: name.trim(), role, organization_id: place, service_account_id, expires_at: expiresAtOf(lasts) };
        return asked(api.POST('/admin-tokens', { params: { header }, body }));
      }}
      onSaved={({ token }) => onCreated(token)}
    >
      {(form) => (
        <>
          <TextInput
            data-autofocus
            label={words.name}
            description={words.tokenNameMeans}
            maxLength={200}
            {...form.getInputProps('name')}
          />
          <RoleSelect roles={rolesOf(session)} description={words.roleMeans} {...form.getInputProps('role')} />
          {!isOfPlatform(form.values.role) &&
            (session.platform_role === 'platform_admin' ? (
              <ObjectSelect
                kind="organization"
                label={words.actsIn}
                value={form.values.organization_id ?? undefined}
                onChange={(id) => form.setFieldValue('organization_id', id ?? null)}
                error={form.errors.organization_id}
              />
            ) : (
              <Select label={words.actsIn} allowDeselect={false} data={places} {...form.getInputProps('organization_id')} />
            ))}
          <OwnerFields form={form} place={placeOf(form.values)} isOfPlatform={isOfPlatform(form.values.role)} />
          <Select label={words.expires} allowDeselect={false} data={LASTS} {...form.getInputProps('lasts')} />
        </>
      )}
    </CreateForm>
  );
}

/** Returns the initial role: the least one for the chosen scope. */
function firstRole(session: Session, organizationId: string | undefined): TokenRole {
  return session.platform_role === 'platform_admin' && organizationId === undefined ? 'platform_auditor' : 'org_auditor';
}

function rolesOf({ platform_role }: Session) {
  return platform_role === 'platform_admin' ? [...PLATFORM_ROLES, ...ORGANIZATION_ROLES] : ORGANIZATION_ROLES;
}

/** Returns the organizations in which this person may create tokens. */
function placesOf({ memberships, capabilities_by_organization: held }: Session) {
  return memberships
    .filter(({ organization_id }) => held[organization_id]?.includes('admin_tokens.manage'))
    .map(({ organization_id, organization_name }) => ({ value: organization_id, label: organization_name }));
}

/** Returns the organization in which the token acts. Null means the platform. */
function placeOf({
  role,
  organization_id,
}: {
  readonly role: TokenRole;
  readonly organization_id: string | null;
}): string | null {
  return isOfPlatform(role) ? null : organization_id;
}

function isOfPlatform(role: TokenRole): boolean {
  return PLATFORM_ROLES.some((one) => one === role);
}
