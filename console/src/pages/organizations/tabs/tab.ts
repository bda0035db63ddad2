import type { Organization } from '../../../api/organizations.ts';

/** The props of every tab of an organization's page. */
export interface TabProps {
  readonly organization: Organization;
}
