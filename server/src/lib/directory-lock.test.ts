import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DirectoryInUse, lockDirectory } from './directory-lock.ts';
import { isGone, thisProcess } from './process-identity.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'headgate-lock-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const notLost = () => {
  throw new Error('lost');
};
const elsewhere = { ...thisProcess(), host: 'another', pidNamespace: 'pid:[1]', pid: 1 };

test('a directory is made where it is missing and taken once', async () => {
  const directory = join(home, 'deep', 'data');
  const lock = await lockDirectory(directory, notLost);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  const refused = await lockDirectory(directory, notLost).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(DirectoryInUse);
  expect(String(refused)).toContain(`process ${process.pid} on`);
  await lock.release();
  expect(existsSync(join(directory, 'in-use.json'))).toBe(false);
  await (await lockDirectory(directory, notLost)).release();
});

test('another process that holds it is named, and once it is killed the next one need not wait', async () => {
  const program = `import('${new URL('./directory-lock.ts', import.meta.url)}').then(({ lockDirectory }) =>
    lockDirectory(process.argv[1], () => {})).then(() => { console.log('held'); setInterval(() => {}, 1000); })`;
  const holder = spawn(process.execPath, ['-e', program, home], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((held) => holder.stdout.once('data', held));
  await expect(lockDirectory(home, notLost)).rejects.toThrow(`process ${holder.pid} on`);
  const gone = new Promise((exited) => holder.once('exit', exited));
  holder.kill('SIGKILL');
  await gone;
  await (await lockDirectory(home, notLost)).release();
});

test('a holder this process cannot see keeps the directory until its file is 30 s old', async () => {
  const file = join(home, 'in-use.json');
  writeFileSync(file, JSON.stringify(elsewhere));
  await expect(lockDirectory(home, notLost)).rejects.toThrow('process 1 on another');
  const before = new Date(Date.now() - 31_000);
  utimesSync(file, before, before);
  await (await lockDirectory(home, notLost)).release();
});

test('a process is gone only when that is provable', () => {
  const us = thisProcess();
  expect(isGone(us)).toBe(false);
  expect(isGone({ ...us, startTicks: '1' })).toBe(true);
  expect(isGone({ ...us, pid: 2 ** 22 + 1 })).toBe(true);
  for (const unseen of [{ host: 'another' }, { bootId: 'another' }, { pidNamespace: 'pid:[1]' }]) {
    expect(isGone({ ...us, ...unseen, pid: 2 ** 22 + 1 })).toBe(false);
  }
});
