import { SecurityReport } from '../../security/SecurityReport.tsx';
import type { TabProps } from './tab.ts';

/** What to look at in this organization. */
export function SecurityTab({ organization }: TabProps) {
  return <SecurityReport organizationId={organization.id} />;
}
