import type { Schema } from '../../api/client.ts';
import type { LiveLimits } from '../../components/limits/LimitGauges.tsx';

/** The props of every tab of a team's page. */
export interface TeamTabProps {
  readonly team: Schema<'Team'>;
  readonly live: LiveLimits;
}
