/** An earlier commit's files beside this one's packages, on which it can run as well. */
import { existsSync, symlinkSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import { ended } from './ended.ts';
import { repository, temporaryDirectory } from './gateway.ts';

/** Returns the folder to start it in; null when the history does not reach back to it: the clone is shallow. */
export async function earlierRelease(commit: string): Promise<string | null> {
  if ((await ended(['git', 'cat-file', '-e', `${commit}^{commit}`])).status !== 0) return null;
  const folder = temporaryDirectory();
  const archive = path.join(folder, 'archive.tar');
  for (const command of [
    ['git', 'archive', `--output=${archive}`, commit, 'server', 'console', 'package.json'],
    ['tar', '-xf', archive, '-C', folder],
  ] as const) {
    const { status, stderr } = await ended(command);
    if (status !== 0) throw new Error(`${command.join(' ')} failed:\n${stderr}`);
  }
  await rm(archive);
  symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  // Built once: what is served at its addresses is not what is asked here.
  const built = path.join(repository, 'console/dist');
  if (existsSync(built)) await cp(built, path.join(folder, 'console/dist'), { recursive: true });
  return folder;
}
