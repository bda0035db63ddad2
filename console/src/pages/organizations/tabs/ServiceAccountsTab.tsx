import { TokenAccountsList } from '../../service-accounts/TokenAccountsList.tsx';
import type { TabProps } from './tab.ts';

/** The service accounts that call the admin API for this organization. */
export function ServiceAccountsTab({ organization }: TabProps) {
  return <TokenAccountsList organizationId={organization.id} />;
}
