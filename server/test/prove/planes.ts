// Each path belongs to one plane: the process of that role answers it, and the other says 404 and where to ask. Every file that routes agrees.
import { namesAll, PLANE_FILES } from '../deploy/plane-files.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { Gateway } from './gateway.ts';
import { PLANE_PATHS, walkPlanes } from './plane-paths.ts';
import type { ProveResult } from './prove.ts';
import { makeKey, makeTenant } from './tenant.ts';

const ROLES = ['admin', 'data'] as const;

export async function run(): Promise<ProveResult> {
  const fleet = await startSplit();
  if (fleet === null) return { holds: false, figure: '', skipped: 'PostgreSQL or Redis is not installed' };
  try {
    const { secret } = await makeKey(fleet.replicas[0] as Gateway, await makeTenant(fleet.replicas[0] as Gateway));
    const walked = await Promise.all(
      ROLES.map((role, index) => walkPlanes({ port: (fleet.replicas[index] as Gateway).port }, role, secret)),
    );
    const unexpected = walked.flatMap(({ problems }, index) => problems.map((problem) => `${ROLES[index]}: ${problem}`));
    const silent = PLANE_FILES.filter(({ prefixes }) => !namesAll(prefixes())).map(({ file }) => file);
    const asked = walked.reduce((sum, each) => sum + each.asked, 0);
    return {
      holds: unexpected.length === 0 && silent.length === 0,
      figure: `planes: ${PLANE_PATHS.length} paths × ${ROLES.length} roles, ${asked} requests, unexpected ${unexpected.length}; ${PLANE_FILES.length - silent.length} of ${PLANE_FILES.length} files name all prefixes`,
      details: [...unexpected.slice(0, 30), ...silent.map((file) => `${file} does not name the prefixes of the table`)],
    };
  } finally {
    await fleet.stop();
  }
}

/** One process of each role, the admin plane's first. Null where PostgreSQL or Redis is missing. */
export function startSplit(env: Readonly<Record<string, string>> = {}): Promise<Fleet | null> {
  // Programs that log in are sent to the public URL. Without one their paths answer 503.
  const all = { HEADGATE_PUBLIC_URL: 'https://headgate.test', ...env };
  return startFleet({ size: 2, env: all, envOf: (index) => ({ HEADGATE_ROLE: ROLES[index] as string }) });
}
