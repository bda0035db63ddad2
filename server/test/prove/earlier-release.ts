/** An earlier commit's files beside this one's packages, on which it can run as well. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { repository, temporaryDirectory } from './gateway.ts';

/** The folder to start it in; null when the history does not reach back to it: the clone is shallow. */
export function earlierRelease(commit: string): string | null {
  if (spawnSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: repository }).status !== 0) return null;
  const folder = temporaryDirectory();
  const archive = execFileSync('git', ['archive', commit, 'server', 'console', 'package.json'], {
    cwd: repository,
    maxBuffer: 1 << 28,
  });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  // Built once: what is served at its addresses is not what is asked here.
  const built = path.join(repository, 'console/dist');
  if (existsSync(built)) cpSync(built, path.join(folder, 'console/dist'), { recursive: true });
  return folder;
}
