// The first minute: an empty directory, one command, and the printed call answers. Then the second start, on what the first left.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Gateway, repository, startGateway, temporaryDirectory } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

const STOP_MS_MAX = 30_000;
const TESTS_MS_MAX = 15 * 60_000;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const checkout = quick ? repository : clone();
  const first = await npmStart(checkout, temporaryDirectory());
  const checks = [
    timed(quick ? 'first start' : 'first start of a clean clone, installing,', first),
    curlAnswers(first),
    await ends(first),
  ];
  const second = await npmStart(checkout, first.dataDir);
  checks.push(timed('second start', second), tellsNoSecret(first, second), keyFileIsPrivate(second), await ends(second));
  if (!quick) checks.push(testsPass(checkout));
  return allOf(checks);
}

/** What a stranger gets: the committed tree in another folder, nothing installed. */
function clone(): string {
  const folder = path.join(temporaryDirectory(), 'headgate');
  const git = spawnSync('git', ['clone', '--quiet', repository, folder], { encoding: 'utf8' });
  if (git.status !== 0) throw new Error(`the repository could not be cloned: ${git.stderr}`);
  return folder;
}

/** `npm start` as a user types it: no settings but a directory and a free port. */
async function npmStart(checkout: string, dataDir: string): Promise<Gateway> {
  const unset = { HEADGATE_DEMO: null, HEADGATE_ADMIN_TOKEN: null, HEADGATE_ALLOWED_UPSTREAMS: null };
  // In a session of its own, so that all that npm started can be told apart and awaited.
  const gateway = await startGateway({ dataDir, cwd: checkout, command: ['setsid', 'npm', 'start'], env: unset });
  process.on('exit', () => signalAll(gateway.pid, 'SIGKILL'));
  return gateway;
}

/** False when no process of the session is left. */
function signalAll(session: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-session, signal);
  } catch {
    return false;
  }
}

function timed(name: string, gateway: Gateway): ProveResult {
  return { holds: true, figure: `${name} ready in ${seconds(gateway.readyMs)}` };
}

function curlAnswers(gateway: Gateway): ProveResult {
  const command = printedCurl(gateway.output());
  if (command === null)
    return { holds: false, figure: 'no curl with a working key was printed', details: gateway.output().split('\n') };
  const result = spawnSync('bash', ['-c', command], { encoding: 'utf8', timeout: 30_000 });
  const answered = result.status === 0 && /"(choices|content)"/.test(result.stdout);
  return {
    holds: answered,
    figure: `the printed curl ${answered ? 'answers' : 'does not answer'}`,
    details: [command, result.stdout, result.stderr],
  };
}

/** The printed command that carries a demo key, with its continued lines. */
function printedCurl(output: string): string | null {
  const lines = output.split('\n');
  for (let start = 0; start < lines.length; start += 1) {
    if (!/^\s*curl\b/.test(lines[start] ?? '')) continue;
    let end = start;
    while ((lines[end] ?? '').trimEnd().endsWith('\\')) end += 1;
    const command = lines.slice(start, end + 1).join('\n');
    if (command.includes('sk-hg-')) return command;
  }
  return null;
}

function tellsNoSecret(first: Gateway, second: Gateway): ProveResult {
  const secrets = first.output().match(/\b(sk-hg-|hgadm_)[0-9A-Za-z]{20,}/g) ?? [];
  const silent = secrets.length > 0 && !/\b(sk-hg-|hgadm_)[0-9A-Za-z]{20,}/.test(second.output());
  const sameAddress = second.output().includes('/api/docs');
  return {
    holds: silent && sameAddress,
    figure: `second start prints ${silent ? 'no secret' : 'a secret, or the first printed none'}${sameAddress ? ' and the addresses' : ', not the addresses'}`,
    details: second.output().split('\n'),
  };
}

function keyFileIsPrivate(gateway: Gateway): ProveResult {
  const files = readdirSync(gateway.dataDir).map((name) => path.join(gateway.dataDir, name));
  const holding = files.filter((file) => statSync(file).isFile() && /sk-hg-[0-9A-Za-z]{20,}/.test(readFileSync(file, 'latin1')));
  const [file] = holding;
  if (file === undefined || !gateway.output().includes(path.basename(file))) {
    return {
      holds: false,
      figure: 'the demo key is in no file of the data directory that the second start names',
      details: [gateway.output()],
    };
  }
  const mode = (statSync(file).mode & 0o777).toString(8);
  return { holds: mode === '600' && holding.length === 1, figure: `it names ${path.basename(file)} (mode ${mode})` };
}

/** npm ends its shell and itself; the server must notice, drain and be gone. */
async function ends(gateway: Gateway): Promise<ProveResult> {
  const startedMs = performance.now();
  await gateway.stop();
  while (signalAll(gateway.pid, 0) && performance.now() - startedMs < STOP_MS_MAX) await sleep(50);
  const gone = !signalAll(gateway.pid, 0);
  const figure = gone ? `SIGTERM: gone after ${seconds(performance.now() - startedMs)}` : 'SIGTERM: not gone after 30 s';
  return { holds: gone, figure, details: [gateway.output()] };
}

function testsPass(checkout: string): ProveResult {
  const startedMs = performance.now();
  const result = spawnSync('npm', ['test'], { cwd: checkout, encoding: 'utf8', timeout: TESTS_MS_MAX, maxBuffer: 1 << 26 });
  const last = result.stdout.trimEnd().split('\n').at(-1) ?? '';
  return {
    holds: result.status === 0,
    figure: `npm test: ${last} in ${seconds(performance.now() - startedMs)}`,
    details: result.stdout.split('\n').slice(-40),
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
