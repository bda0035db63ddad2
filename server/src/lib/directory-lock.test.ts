import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

describe('a holder in another container of this machine', () => {
  const unseen = { host: 'another', pidNamespace: 'pid:[1]' };
  const program = `require('node:net').createServer().listen(process.argv[1], () => console.log('open'))`;

  // What one test proves about a process holds for the others, so each has a process of its own.
  let pid = 0;
  beforeEach(() => {
    pid += 1;
  });

  /** A process that listens on the door of `home`, and the note that it would write. */
  async function openHolder(change: object = {}): Promise<ChildProcess> {
    const holder = spawn(process.execPath, ['-e', program, join(home, 'in-use.sock')], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const { dev, ino } = statSync(join(home, 'in-use.sock'), { bigint: true });
    const note = { ...thisProcess(), ...unseen, pid, door: { device: String(dev), inode: String(ino) }, ...change };
    writeFileSync(join(home, 'in-use.json'), JSON.stringify(note));
    return holder;
  }

  async function kill(holder: ChildProcess): Promise<void> {
    const gone = once(holder, 'exit');
    holder.kill('SIGKILL');
    await gone;
  }

  test('keeps the directory while it runs, also suspended, and no longer', async () => {
    const holder = await openHolder();
    await expect(lockDirectory(home, notLost)).rejects.toThrow(`process ${pid} on another`);
    holder.kill('SIGSTOP');
    await expect(lockDirectory(home, notLost)).rejects.toThrow(`process ${pid} on another`);
    const identity = { ...thisProcess(), ...unseen, pid };
    expect(isGone(identity)).toBe(false);
    await kill(holder);
    const lock = await lockDirectory(home, notLost);
    // Its leases in the database are free as well.
    expect(isGone(identity)).toBe(true);
    await lock.release();
    expect(existsSync(join(home, 'in-use.sock'))).toBe(false);
  });

  test.each([
    ['ran before this boot, or on another machine', { bootId: 'another' }],
    ['says nothing of the boot', { bootId: '' }],
    ['had another file', { door: { device: '1', inode: '1' } }],
    ['is of a version without doors', { door: undefined }],
  ])('keeps the directory for 30 s if it has ended and %s', async (_, change) => {
    await kill(await openHolder(change));
    await expect(lockDirectory(home, notLost)).rejects.toThrow(`process ${pid} on another`);
  });
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
