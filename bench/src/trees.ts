/** The trees of a comparison: this one, and others given by folder or commit. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { earlierRelease } from '../../server/test/prove/earlier-release.ts';
import { repository } from '../../server/test/prove/gateway.ts';

/** Returns a tree's folder. For a commit it makes one from its files and this tree's packages, until this process ends. */
export async function folderOf(tree: string): Promise<string> {
  if (existsSync(path.join(tree, 'server/src/main.ts'))) return path.resolve(tree);
  const lock = spawnSync('git', ['show', `${tree}:package-lock.json`], { cwd: repository, encoding: 'utf8', maxBuffer: 1 << 26 });
  const folder = lock.status === 0 ? await earlierRelease(tree) : null;
  if (folder === null) throw new Error(`${tree} is neither a folder with a tree nor a commit of this repository`);
  if (lock.stdout !== readFileSync(path.join(repository, 'package-lock.json'), 'utf8'))
    throw new Error(`${tree} has other packages than this tree: check it out, install them there, and give its folder`);
  return folder;
}
