import { can } from '../../domain/tenancy/permission.ts';
import type { Authenticate } from '../http/authenticate.ts';
import type { AdminDeps } from '../http/deps.ts';

/** Reports whether an `Authorization` header belongs to a caller who may read the platform. */
export async function mayReadPlatform(
  deps: AdminDeps,
  authenticate: Authenticate,
  authorization: string | undefined,
): Promise<boolean> {
  if (authorization === undefined) return false;
  try {
    return can(await authenticate(deps, { authorization }, ''), 'platform.read', { organizationId: null });
  } catch {
    // The caller is unknown, or was not known before the database went away.
    return false;
  }
}
