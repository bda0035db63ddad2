// What an earlier release wrote opens in this one: a data directory and a PostgreSQL database made by the last commit before there was a console
// keep their totals, their keys, their decisions and their audit chains.
import { startPostgres } from '../support/postgres.ts';
import { earlierRelease } from './earlier-release.ts';
import { startGateway } from './gateway.ts';
import { compare, readAll, write } from './kept-installation.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

/** The last commit whose console was a placeholder; another one by `HEADGATE_PROVE_FROM`. */
const EARLIER = process.env.HEADGATE_PROVE_FROM ?? '251955d';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const folder = await earlierRelease(EARLIER);
  if (folder === null) return { holds: false, figure: '', skipped: `the history does not hold ${EARLIER}: the clone is shallow` };
  const postgres = await startPostgres();
  if (postgres === null) return { holds: false, figure: '', skipped: 'PostgreSQL is not installed' };
  const calls = quick ? 30 : 300;
  try {
    return allOf([await opened('embedded', folder, null, calls), await opened('PostgreSQL', folder, postgres.url, calls)]);
  } finally {
    await postgres.stop();
  }
}

async function opened(name: string, folder: string, databaseUrl: string | null, calls: number): Promise<ProveResult> {
  const env = databaseUrl === null ? {} : { DATABASE_URL: databaseUrl };
  const earlier = await startGateway({ cwd: folder, env });
  const written = await write(earlier, calls);
  const before = await readAll(earlier, written);
  await earlier.stop();
  const now = await startGateway({ env, dataDir: earlier.dataDir, adminToken: earlier.adminToken });
  try {
    const { holds, figure, details } = await compare(before, now, written);
    return { holds, figure: `${name}: ${calls} requests of ${written.secrets.length} keys, ${figure}`, details };
  } finally {
    await now.stop();
  }
}
