/** Things that are there, whose ids calls of attackers name. */
import { idFor, makeGround, makeShared } from '../admin/ground.ts';
import { type Client, must } from '../admin/support.ts';
import { makeTenant } from '../support/tenants.ts';
import type { IdOf } from './hostile-calls.ts';

/** Makes one object of each kind; answers the id that stands in a path's place. */
export async function makeIds(root: Client): Promise<IdOf> {
  const tenant = await makeTenant(async (method, path, body) => must(await root(method, path, body)));
  const ground = await makeGround(root, tenant.teams[0], await makeShared(root));
  return (pattern, parameter) => idFor(pattern, parameter, ground) ?? 'nothing-of-this-name';
}
