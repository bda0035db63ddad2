// A picture of every page and dialog, light, dark and on a phone.
import { spawnSync } from 'node:child_process';
import { repository } from './gateway.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  if (quick) return { holds: true, figure: '', skipped: 'pictures are taken in full only' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['console/test/screens.ts'], {
    cwd: repository,
    encoding: 'utf8',
  });
  return { holds: status === 0, figure: stdout.trim().split('\n').at(-1) ?? '', details: stderr.trim().split('\n') };
}
