import type { Organization } from '../../../api/organizations.ts';

/** What every part of an organization's page is given. */
export interface TabProps {
  readonly organization: Organization;
}
