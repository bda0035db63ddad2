import { type Permission, verdictOf } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { TabProps } from './tabs/tab.ts';
import { words } from './words.ts';

/** The sections of the dialog by their names in the address: `?edit=budgets`. Any other name opens it at its beginning. */
export const SECTION_AT: Readonly<Record<string, string>> = {
  identity: words.identity,
  budgets: words.budgets,
  limits: words.rateLimits,
  access: words.assetAccess,
  tags: words.tags,
  audit: words.auditContent,
  responses: words.storedResponses,
  files: words.filesAndBatches,
  cache: words.exactCache,
  end_users: words.endUsers,
  mirroring: words.mirroring,
};

const PERMISSION_AT: Readonly<Record<string, Permission>> = {
  identity: 'organization.profile',
  budgets: 'organizations.cap',
  limits: 'organizations.cap',
  access: 'organizations.cap',
  tags: 'organizations.cap',
  audit: 'audit_policy.change',
  responses: 'audit_policy.change',
  files: 'audit_policy.change',
  cache: 'audit_policy.change',
  end_users: 'audit_policy.change',
  mirroring: 'audit_policy.change',
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
  const label = words.changeSection(SECTION_AT[at] ?? words.identity);
  return (
    <GuardedButton
      size="compact-xs"
      variant="default"
      aria-label={label}
      verdict={verdictOf(PERMISSION_AT[at] ?? 'organization.profile', organization)}
      onClick={() => setState({ edit: at }, 'push')}
    >
      {isNamed ? label : words.change}
    </GuardedButton>
  );
}
