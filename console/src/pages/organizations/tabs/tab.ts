import type { Organization } from '../../../api/organizations.ts';
import type { LiveLimits } from '../../../components/limits/LimitGauges.tsx';

/** The props of every tab of an organization's page. */
export interface TabProps {
  readonly organization: Organization;
  readonly live: LiveLimits;
}
