import type { Schema } from '../../api/client.ts';

/** What every tab of a team's page is given. */
export interface TeamTabProps {
  readonly team: Schema<'Team'>;
}
