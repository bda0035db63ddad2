import type { Organization } from '../../../api/organizations.ts';
import { verdictOf } from '../../../api/session.tsx';
import type { ORGANIZATION_ROLES } from '../../../components/fields/RoleSelect.tsx';
import { words } from '../words.ts';

type OrganizationRole = (typeof ORGANIZATION_ROLES)[number];

/**
 * Returns the roles that the person may not give here, each with the reason. Nobody gives a role that may do more than they may:
 * owners and auditors read content, and owners manage sign-in. The server decides again.
 */
export function refusedRoles(organization: Organization): Readonly<Partial<Record<OrganizationRole, string>>> {
  const readsContent = verdictOf('content.read', organization).allowed;
  const ownsSignIn = verdictOf('identity.manage', organization).allowed;
  return {
    ...(readsContent && ownsSignIn ? {} : { org_owner: words.onlyOwnersGiveOwner }),
    ...(readsContent ? {} : { org_auditor: words.onlyReadersGiveAuditor }),
  };
}
