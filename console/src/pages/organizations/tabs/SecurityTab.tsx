import { SecurityReport } from '../../security/SecurityReport.tsx';
import type { TabProps } from './tab.ts';

/** The security report of this organization. */
export function SecurityTab({ organization }: TabProps) {
  return <SecurityReport organizationId={organization.id} />;
}
