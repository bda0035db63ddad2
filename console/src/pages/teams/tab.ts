import type { Schema } from '../../api/client.ts';

/** The props of every tab of a team's page. */
export interface TeamTabProps {
  readonly team: Schema<'Team'>;
}
