/** What the tasks needed before the console was rebuilt for five people, measured by the same script. Null: it was not possible. */
import type { Counts } from './hand.ts';

const counted = (clicks: number, keys: number, pages: number) => ({ clicks, keys, pages });

export const BEFORE: Readonly<Record<string, Omit<Counts, 'seconds'> | null>> = {
  'make a tenant': counted(4, 7, 2),
  'find why a call failed': counted(2, 0, 2),
  'raise a limit': counted(6, 3, 2),
  'add a person to a team': counted(7, 4, 2),
  'find who can call a model': counted(5, 0, 1),
  'revoke a key': counted(6, 10, 2),
  'compare two months': counted(7, 52, 1),
  'export a statement': null,
  'test a credential': counted(3, 0, 1),
  'find an audit event': counted(4, 0, 1),
};
