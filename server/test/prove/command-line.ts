// Each command's output and exit code, mail read from a real SMTP sink, and what sign-in promises below the browser.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { repository } from './gateway.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  if (quick) return { holds: true, figure: '', skipped: 'the command line: part of the test run' };
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'headgate-prove-tests-')), 'report.json');
  const folders = ['server/test/cli', 'server/test/identity', 'server/test/invitations'];
  const args = ['run', '--project', 'server', '--reporter', 'json', '--outputFile', file, ...folders];
  spawnSync('vitest', args, { cwd: repository });
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const failed = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed'),
  );
  return {
    holds: report.numFailedTests === 0 && report.numPassedTests > 0,
    figure: `commands, mail and sign-in: ${report.numPassedTests} tests passed, ${report.numFailedTests} failed`,
    details: failed.map(({ fullName }) => fullName),
  };
}
