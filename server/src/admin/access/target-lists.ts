import { z } from 'zod';
import { listQuery } from '../http/lists.ts';

/** Lists whose rows have no id but a name, and go by it. */
export const namedListQuery = {
  limit: listQuery.limit,
  cursor: listQuery.cursor,
  search: z.string().max(400).optional().meta({ description: 'Beginning of the name.' }),
  sort: z.enum(['name', '-name']).optional().meta({ description: 'By name unless said.' }),
};
