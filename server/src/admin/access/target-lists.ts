import { z } from 'zod';
import { listQuery } from '../http/lists.ts';
import { text } from '../http/schemas.ts';

/** Query fields of lists whose rows have a name instead of an id, and are sorted by it. */
export const namedListQuery = {
  limit: listQuery.limit,
  cursor: listQuery.cursor,
  search: text(400).optional().meta({ description: 'Matches the beginning of the name.' }),
  sort: z.enum(['name', '-name']).optional().meta({ description: 'The order. Default: by name.' }),
};
