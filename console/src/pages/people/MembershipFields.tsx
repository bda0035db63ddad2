import type { UseFormReturnType } from '@mantine/form';
import { firstErrorOf } from '../../api/field-errors.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { ORGANIZATION_ROLES, RoleSelect } from '../../components/fields/RoleSelect.tsx';
import type { MembershipDraft } from './add-person.ts';
import { TeamRolesField } from './TeamRolesField.tsx';
import { words } from './words.ts';

interface MembershipFieldsProps<D extends MembershipDraft> {
  readonly form: UseFormReturnType<D>;
  readonly choosesOrganization: boolean;
  /** True if the organization is the first field of the dialog. */
  readonly isFirst?: boolean;
}

/** Chooses the membership that a person gets: the organization, the role in it, and teams with a role in each. */
export function MembershipFields<D extends MembershipDraft>(props: MembershipFieldsProps<D>) {
  // The fields of a membership are the same in every form that has them.
  const form = props.form as unknown as UseFormReturnType<MembershipDraft>;
  const { values, errors } = form;
  return (
    <>
      {props.choosesOrganization && (
        <ObjectSelect
          kind="organization"
          label={words.organization}
          value={values.organization_id}
          onChange={(id) => form.setValues({ organization_id: id, teams: [] })}
          error={errors.organization_id}
          isFirst={props.isFirst === true}
        />
      )}
      <RoleSelect label={words.roleInTheOrganization} roles={ORGANIZATION_ROLES} {...form.getInputProps('role')} />
      {values.organization_id !== undefined && (
        <TeamRolesField
          organizationId={values.organization_id}
          value={values.teams}
          onChange={(teams) => form.setFieldValue('teams', teams)}
          error={firstErrorOf(errors, 'teams')}
        />
      )}
    </>
  );
}
