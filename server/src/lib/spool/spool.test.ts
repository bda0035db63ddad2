import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StreamedBytes } from '../pieces.ts';
import { Spool } from './spool.ts';
import { SpoolFile } from './spool-file.ts';

const MB = 1024 * 1024;
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'headgate-spool-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const opened = async (more: object = {}) => {
  const spool = new Spool({ directory: join(directory, 'spool'), bytesMax: 1_000 * MB, ...more });
  await spool.open();
  return spool;
};

async function readAll(bytes: StreamedBytes): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of bytes.read()) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('a file of the spool', () => {
  test('returns each part as it was added, again and again, and is in no folder', async () => {
    const spool = await opened();
    const file = await spool.create();
    const parts = [0, 1, 65_535, 65_536, 65_537, 300_000].map((bytes, at) => Buffer.alloc(bytes, `part ${at} `));
    const written: StreamedBytes[] = [];
    for (const part of parts) {
      for (let at = 0; at < part.length; at += 10_007) file.add(part.subarray(at, at + 10_007));
      written.push(file.endPart());
    }
    await file.written();
    expect(readdirSync(join(directory, 'spool'))).toEqual([]);
    for (const [at, part] of parts.entries()) {
      expect(written[at]?.length).toBe(part.length);
      expect((await readAll(written[at] as StreamedBytes)).equals(part)).toBe(true);
    }
    const [one, other] = await Promise.all([readAll(written[5] as StreamedBytes), readAll(written[5] as StreamedBytes)]);
    expect(one.equals(other)).toBe(true);
    file.close();
    file.close();
    await expect(readAll(written[5] as StreamedBytes)).rejects.toThrow('the file was closed');
  });

  test('cannot be read by anybody else, and a changed byte is found', async () => {
    const path = join(directory, 'known');
    const handle = await open(path, 'wx+');
    const file = new SpoolFile(handle, (work) => work());
    const secret = Buffer.from('the recording of a secret meeting, '.repeat(4_000));
    file.add(secret);
    const part = file.endPart();
    await file.written();
    const stored = await readFile(path);
    expect(stored.length).toBeGreaterThan(secret.length);
    expect(stored.includes('secret')).toBe(false);
    await handle.write(Buffer.from([(stored[70_000] as number) ^ 1]), 0, 1, 70_000);
    await expect(readAll(part)).rejects.toThrow();
    file.close();
  });

  test('makes its sender wait while the disk is behind, and calls once it has caught up', async () => {
    let let1: () => void = () => {};
    const handle = await open(join(directory, 'slow'), 'wx+');
    const gate = new Promise<void>((resolve) => {
      let1 = resolve;
    });
    const file = new SpoolFile(handle, async (work) => {
      await gate;
      return work();
    });
    let drained = 0;
    file.onDrained = () => {
      drained += 1;
    };
    for (let pieces = 0; pieces < 2; pieces += 1) file.add(Buffer.alloc(65_536));
    expect(file.isBehind).toBe(false);
    file.add(Buffer.alloc(65_536));
    expect(file.isBehind).toBe(true);
    let1();
    await file.written();
    expect([file.isBehind, drained]).toEqual([false, 1]);
    file.close();
  });
});

describe('the room of the spool', () => {
  test('is bounded for all and for each holder; who finds none waits, and gets it in turn', async () => {
    const spool = await opened({ roomMsMax: 60 });
    const first = spool.roomFor(['key_1']);
    expect(await first.take(250 * MB)).toBe(null);
    const more = spool.roomFor(['key_1']);
    expect(await more.take(10 * MB)).toBe('spool_full');
    expect(await spool.roomFor(['key_2']).take(250 * MB)).toBe(null);
    const waiting = more.take(200 * MB);
    first.free();
    first.free();
    expect(await waiting).toBe(null);
    expect(spool.bytes).toBe(450 * MB);
  });

  test('that was freed while it waited is given back', async () => {
    const spool = await opened();
    const first = spool.roomFor(['key_1']);
    expect(await first.take(256 * MB)).toBe(null);
    const late = spool.roomFor(['key_1']);
    const waiting = late.take(100 * MB);
    late.free();
    first.free();
    await waiting;
    expect(spool.bytes).toBe(0);
  });

  test('leaves 256 MB of the disk free, counting what is taken and not written yet', async () => {
    const spool = await opened({ freeBytes: async () => 300 * MB });
    const room = spool.roomFor(['key_1']);
    expect(await room.take(30 * MB)).toBe(null);
    expect(await spool.roomFor(['key_2']).take(20 * MB)).toBe('disk_full');
    room.wrote(30 * MB);
    expect(await spool.roomFor(['key_2']).take(20 * MB)).toBe(null);
  });

  test('is empty at a start, whatever was left behind', async () => {
    mkdirSync(join(directory, 'spool', 'folder'), { recursive: true });
    writeFileSync(join(directory, 'spool', 'left'), 'x');
    await opened();
    expect(readdirSync(join(directory, 'spool'))).toEqual([]);
  });
});
