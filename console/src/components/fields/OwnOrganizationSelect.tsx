import { Select } from '@mantine/core';
import { organizationsWith, type Permission, useSession } from '../../api/session.tsx';
import { ObjectSelect } from './ObjectSelect.tsx';

interface OwnOrganizationSelectProps {
  /** The permission that the person holds in the whole of each offered organization. */
  readonly permission: Permission;
  /** The label, for screen readers only. */
  readonly label: string;
  /** The text if none is chosen. */
  readonly placeholder: string;
  /** True if people with several organizations may choose none of them, for all. */
  readonly mayBeAll?: boolean;
  /** True in a popover, which a click outside closes. */
  readonly inPopover?: boolean;
  readonly value: string | undefined;
  readonly onChange: (id: string | undefined) => void;
}

/**
 * Chooses one organization: any for people of the platform, one of their own for others. Renders nothing if there is no choice.
 */
export function OwnOrganizationSelect(props: OwnOrganizationSelectProps) {
  const { permission, label, placeholder, mayBeAll = false, inPopover = false, value, onChange } = props;
  const session = useSession();
  if (session.platform_capabilities.includes(permission))
    return <ObjectSelect compact kind="organization" {...{ label, placeholder, inPopover, value, onChange }} />;
  const own = organizationsWith(session, permission);
  if (own.length < 2) return null;
  return (
    <Select
      aria-label={label}
      allowDeselect={mayBeAll}
      clearable={mayBeAll}
      placeholder={placeholder}
      comboboxProps={{ withinPortal: !inPopover }}
      data={own.map(({ organization_id, organization_name }) => ({ value: organization_id, label: organization_name }))}
      value={value ?? null}
      onChange={(id) => onChange(id ?? undefined)}
    />
  );
}
