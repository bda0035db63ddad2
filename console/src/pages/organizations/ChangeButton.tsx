import { type Permission, verdictOf } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { SECTIONS } from './dialog/OrganizationFields.tsx';
import type { TabProps } from './tabs/tab.ts';

type Section = (typeof SECTIONS)[number];

/** The sections of the dialog by their names in the address: `?edit=budgets`. Any other name opens it at its beginning. */
export const SECTION_AT: Readonly<Record<string, Section>> = {
  identity: 'Identity',
  budgets: 'Budgets',
  limits: 'Rate limits',
  access: 'Asset access',
  tags: 'Tags',
  audit: 'Audit content',
};

const PERMISSION_FOR: Readonly<Record<Section, Permission>> = {
  Identity: 'organization.profile',
  Budgets: 'organizations.cap',
  'Rate limits': 'organizations.cap',
  'Asset access': 'organizations.cap',
  Tags: 'organizations.cap',
  'Audit content': 'audit_policy.change',
};

interface ChangeButtonProps extends Pick<TabProps, 'organization'> {
  /** The name in the address of the section to change. */
  readonly at: string;
  /** True where the button is not beside what it changes. */
  readonly isNamed?: boolean;
}

/** A button on a card that opens the dialog of the organization at the section that the card shows. */
export function ChangeButton({ organization, at, isNamed = false }: ChangeButtonProps) {
  const [, setState] = useUrlState();
  const section = SECTION_AT[at] ?? 'Identity';
  const label = `Change ${section.toLowerCase()}`;
  return (
    <GuardedButton
      size="compact-xs"
      variant="default"
      aria-label={label}
      verdict={verdictOf(PERMISSION_FOR[section], organization)}
      onClick={() => setState({ edit: at }, 'push')}
    >
      {isNamed ? label : 'Change'}
    </GuardedButton>
  );
}
