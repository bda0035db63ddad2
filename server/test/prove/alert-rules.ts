// The alert rules as Prometheus' own tool reads them.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ended } from './ended.ts';
import { repository } from './gateway.ts';
import type { ProveResult } from './prove.ts';

const PROMTOOL = '/usr/bin/promtool';

export async function run(): Promise<ProveResult> {
  if (!existsSync(PROMTOOL)) return { holds: false, figure: '', skipped: "promtool is missing (Debian's package prometheus)" };
  const cwd = path.join(repository, 'deploy/prometheus');
  const promtool = (...args: string[]) => ended([PROMTOOL, ...args], { cwd });
  const checked = await promtool('check', 'rules', 'alerts.yaml');
  const tested = await promtool('test', 'rules', 'alerts.test.yaml');
  const said = /SUCCESS: \d+ rules found/.exec(checked.stdout)?.[0] ?? 'failed';
  return {
    holds: checked.status === 0 && tested.status === 0,
    figure: `promtool check rules: ${said}; promtool test rules: ${tested.status === 0 ? 'SUCCESS' : 'failed'}`,
    details: [checked.stdout + checked.stderr, tested.stdout + tested.stderr],
  };
}
