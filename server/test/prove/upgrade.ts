// What an earlier release wrote opens in this one: a data directory and a PostgreSQL database made by the last commit before there was a console
// keep their totals, their keys, their decisions and their audit chains.
import { execFileSync, spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { startPostgres } from '../support/postgres.ts';
import { repository, startGateway, temporaryDirectory } from './gateway.ts';
import { compare, readAll, write } from './kept-installation.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

/** The last commit whose console was a placeholder. */
const EARLIER = '251955d';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const folder = earlierRelease();
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

/** The earlier release's files beside this one's packages, which it can run on as well; null when the history does not reach back to it. */
function earlierRelease(): string | null {
  if (spawnSync('git', ['cat-file', '-e', `${EARLIER}^{commit}`], { cwd: repository }).status !== 0) return null;
  const folder = temporaryDirectory();
  const archive = execFileSync('git', ['archive', EARLIER, 'server', 'console', 'package.json'], {
    cwd: repository,
    maxBuffer: 1 << 28,
  });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
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
