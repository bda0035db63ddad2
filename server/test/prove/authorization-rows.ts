/** The parts of a row of the matrix: an admin route, who gets what answer, and a call of it whose only possible refusal is who makes it. */
import type { Asking, Made } from './authorization-calls.ts';
import type { Cells, PlaceName } from './authorization-table.ts';
import type { Markers } from './authorization-world.ts';

export interface Row {
  readonly route: string;
  /** Which of several bodies, where a route guards its fields one by one. */
  readonly variant?: string;
  readonly cells: Cells;
  readonly make: (asking: Asking) => Made | Promise<Made>;
  /**
   * For lists, exports and streams: which places' markers each role sees, in the order of the roles; `-` is none. `within`: those of the call's
   * own organization or team alone, or the one object of a place that the call asks for.
   */
  readonly sees?: {
    readonly marker: keyof Markers;
    readonly places: string;
    readonly within?: 'its organization' | 'its team' | PlaceName;
  };
}

/** o the own team's, t another team's of the same organization, x another organization's. */
export const ORGANIZATIONS = 'otx otx  ot ot ot ot ot  ot ot ot';
export const TEAMS = 'otx otx  ot ot ot ot -  o o o';
/** What is read with the right to the audit log. */
export const AUDITED = 'otx otx  ot ot - ot -  - - -';
export const SPEND = 'otx otx  ot ot ot ot -  o - -';

export const row = (route: string, cells: Cells, make: Row['make'], more: Partial<Row> = {}): Row => ({
  route,
  cells,
  make,
  ...more,
});
