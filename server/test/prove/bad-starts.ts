/** Starts that must be refused: exit code 1, one line that names the cause, and nothing touched of what was there. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { newDataKey } from '../../src/lib/secrets.ts';
import { inParallel } from './data-plane.ts';
import { PROGRAM, repository, START, startGateway, temporaryDirectory } from './gateway.ts';
import { dumpOf, filesOf, inDatabase } from './stored-rows.ts';

/** One start, and what its one line must say. */
interface Start {
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly dataDir?: string;
  readonly says: RegExp;
  /** The user it runs as; this process's own unless given. */
  readonly uid?: number;
}

const setting = (name: string, value: string): Start => {
  return { name: `${name}=${value}`, env: { [name]: value }, says: new RegExp(`^headgate: ${name}`) };
};

/** Settings that no start can honour. */
const SETTINGS: readonly Start[] = [
  ...['abc', '70000', '-1', '80.5', '0x50'].map((value) => setting('HEADGATE_PORT', value)),
  setting('HEADGATE_HOST', '999.1.1.1'),
  setting('HEADGATE_HOST', '203.0.113.7'),
  setting('HEADGATE_HOST', '0.0.0.0'),
  setting('HEADGATE_DEVELOPMENT_ON_NETWORK', 'yes'),
  setting('HEADGATE_MODE', 'prod'),
  setting('HEADGATE_ROLE', 'data'),
  setting('HEADGATE_WORKERS', '2'),
  setting('REDIS_URL', 'redis://127.0.0.1:6379'),
  setting('DATABASE_URL', 'mysql://127.0.0.1/x'),
  setting('HEADGATE_MASTER_KEY', 'c2hvcnQ='),
  setting('HEADGATE_MASTER_KEY_FILE', '/nonexistent/key'),
  setting('HEADGATE_MASTER_KEY_COMMAND', 'exit 3'),
  setting('HEADGATE_ADMIN_TOKEN', 'two words, and enough of them'),
  setting('HEADGATE_ADMIN_TOKEN', 'short-and-guessable'),
  setting('HEADGATE_ADMIN_TOKEN', 'sk-hg-a-key-of-the-data-plane'),
  setting('HEADGATE_ALLOWED_UPSTREAMS', 'http://10.0.0.1'),
  setting('HEADGATE_TRUSTED_PROXIES', 'my-proxy/99'),
  setting('HEADGATE_PUBLIC_URL', 'headgate.test'),
  setting('HEADGATE_DEMO', 'yes'),
  setting('HEADGATE_LOG', 'xml'),
  setting('HEADGATE_BODY_BYTES_MAX', '32MB'),
  setting('HEADGATE_JOURNAL_BYTES_MAX', '1'),
  setting('HEADGATE_STALL_SECONDS', '0'),
  { name: 'production without a master key', env: { HEADGATE_MODE: 'production' }, says: /^headgate: HEADGATE_MASTER_KEY/ },
  { name: 'an unknown flag', args: ['serve', '--colour', 'blue'], says: /^headgate: --colour/ },
  { name: 'a flag without its value', args: ['serve', '--port'], says: /^headgate: --port/ },
  { name: 'a database that is not there', env: { DATABASE_URL: 'postgres://127.0.0.1:1/x' }, says: /^headgate: .*database/i },
];

const AT_ONCE = 2;
const START_MS_MAX = 60_000;

/** `quick` tries each setting once. */
export async function startProblems({ quick }: { readonly quick: boolean }): Promise<{ rows: number; problems: string[] }> {
  const isFirst = ({ says }: Start, at: number) => SETTINGS.findIndex((one) => one.says.source === says.source) === at;
  const settings = await inParallel(quick ? SETTINGS.filter(isFirst) : SETTINGS, AT_ONCE, refusedProblems);
  const places = await directoryProblems();
  const kept = await keptDirectory();
  const rows = settings.length + places.rows + kept.rows;
  return { rows, problems: [...settings.flat(), ...places.problems, ...kept.problems] };
}

/** Starts on directories nothing can be kept in. */
export async function directoryProblems(): Promise<{ rows: number; problems: string[] }> {
  const found = await inParallel(unusableDirectories(), AT_ONCE, refusedProblems).finally(unmountAll);
  return { rows: found.length, problems: found.flat() };
}

async function refusedProblems(start: Start): Promise<string[]> {
  const { code, stdout, stderr } = await run(start);
  const problems: string[] = [];
  if (code !== 1) problems.push(`exit code ${code}`);
  if (!/^headgate: [^\n]+\n$/.test(stderr) || !start.says.test(stderr))
    problems.push(`it says ${JSON.stringify(stderr.slice(0, 600))}`);
  if (stdout !== '') problems.push(`it prints ${JSON.stringify(stdout.slice(0, 200))}`);
  return problems.map((problem) => `${start.name}: ${problem}`);
}

async function run({ env = {}, args = ['serve'], dataDir = temporaryDirectory(), uid }: Start) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(HEADGATE_|DATABASE_URL$|REDIS_URL$)/.test(name));
  const child = spawn(process.execPath, [...START, PROGRAM, ...args], {
    cwd: repository,
    env: { ...Object.fromEntries(inherited), HEADGATE_PORT: '0', HEADGATE_DATA_DIR: dataDir, ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
    timeout: START_MS_MAX,
    killSignal: 'SIGKILL',
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk: Buffer) => (said[name] += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode, ...said };
}

/** Directories nothing can be kept in. What needs a mount or another user is only there for root. */
function unusableDirectories(): Start[] {
  const file = path.join(temporaryDirectory(), 'file');
  writeFileSync(file, '');
  const unusable: Start[] = [
    { name: 'a data directory that is a file', dataDir: file, says: /^headgate: HEADGATE_DATA_DIR: / },
    { name: 'a data directory below a file', dataDir: path.join(file, 'data'), says: /^headgate: HEADGATE_DATA_DIR: / },
    ...(process.platform === 'linux' ? [NOWHERE] : []),
    { name: 'a data directory that is read-only', ...readOnlyDirectory(), says: /^headgate: HEADGATE_DATA_DIR: / },
  ];
  // A fresh embedded database needs about 40 MB: one disk is full at once, the other in the middle of the first start.
  const full = ['64k', '12m'].flatMap((size) => {
    const dataDir = mounted(`size=${size}`);
    return dataDir === null ? [] : [{ name: `a disk of ${size}`, dataDir, says: /^headgate: .*(full|space)/i }];
  });
  return [...unusable, ...full];
}

/** A place that is there and in which nobody makes anything, not even root. */
const NOWHERE: Start = {
  name: 'a data directory in /proc',
  dataDir: '/proc/headgate/data',
  says: /^headgate: HEADGATE_DATA_DIR: \/proc\/headgate\/data cannot be written/,
};

const NOBODY = 65_534;

function readOnlyDirectory(): Pick<Start, 'dataDir' | 'uid'> {
  const dataDir = mounted('size=1m,ro');
  if (dataDir !== null) return { dataDir };
  const directory = temporaryDirectory();
  chmodSync(directory, 0o555);
  return { dataDir: directory, ...(process.getuid?.() === 0 ? { uid: NOBODY } : {}) };
}

const mounts = new Set<string>();

function unmountAll(): void {
  for (const directory of mounts) spawnSync('umount', ['-l', directory]);
  mounts.clear();
}

/** A small file system of its own; null where this process may not make one. */
function mounted(options: string): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  const directory = temporaryDirectory();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]).status !== 0) return null;
  mounts.add(directory);
  return directory;
}

/** A directory with a history: taken, with the wrong key, without its key, from a newer version. Its rows and files stay as they are. */
async function keptDirectory(): Promise<{ rows: number; problems: string[] }> {
  const gateway = await startGateway();
  const { dataDir } = gateway;
  await gateway.admin('POST', '/organizations', { slug: 'kept', name: 'Kept' });
  const problems = await refusedProblems({ name: 'a data directory in use', dataDir, says: /in use by/ });
  await gateway.stop();
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const port = String((taken.address() as AddressInfo).port);
  const masterKey = path.join(dataDir, 'master.key');
  const [key] = filesOf(dataDir).filter(({ name }) => name === 'master.key');
  const starts: readonly (Start & { readonly before?: () => unknown; readonly after?: () => unknown })[] = [
    { name: 'a port that is taken', env: { HEADGATE_PORT: port }, says: /^headgate: HEADGATE_PORT: / },
    {
      name: 'a wrong master key',
      env: { HEADGATE_MASTER_KEY: newDataKey().toString('base64') },
      says: /^headgate: HEADGATE_MASTER_KEY/,
    },
    {
      name: 'a master key that is gone',
      before: () => rmSync(masterKey),
      after: () => writeFileSync(masterKey, key?.bytes ?? '', { mode: 0o600 }),
      says: /^headgate: .*master\.key/,
    },
    {
      name: 'a database of a newer version',
      before: () => migrateAhead(dataDir),
      says: /^headgate: The database was written by a newer version/,
    },
  ];
  for (const { before, after, ...start } of starts) {
    await before?.();
    const left = await leftIn(dataDir);
    problems.push(...(await refusedProblems({ ...start, dataDir })));
    if (!isDeepStrictEqual(await leftIn(dataDir), left)) problems.push(`${start.name}: it changed what it found`);
    await after?.();
  }
  taken.close();
  return { rows: starts.length + 1, problems };
}

/** What a later version leaves behind: a migration unknown here. */
async function migrateAhead(dataDir: string): Promise<void> {
  await inDatabase({ dataDir }, (query) => query("insert into schema_migrations (name) values ('9999_from_the_future')"));
}

/** Every row, and every file but the embedded engine's own, which writes its own diary whenever it runs. */
async function leftIn(dataDir: string): Promise<{ rows: string; files: Record<string, string> }> {
  const rows = await inDatabase({ dataDir }, dumpOf);
  const files = filesOf(dataDir).filter(({ name }) => !name.startsWith('database/'));
  return {
    rows,
    files: Object.fromEntries(files.map(({ name, bytes }) => [name, createHash('sha256').update(bytes).digest('hex')])),
  };
}
