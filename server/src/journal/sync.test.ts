import type * as FileSystem from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { temporaryDirectory, written } from '../../test/support/journals.ts';
import { givenEnd } from '../../test/support/records.ts';

const synced: number[] = [];

// Test files share processes, so the modules are loaded anew for this one alone, and forgotten after it.
beforeAll(() => {
  vi.resetModules();
  vi.doMock('node:fs', async (original) => {
    const real = await original<typeof FileSystem>();
    const fdatasync: typeof real.fdatasync = Object.assign((fd: number, done: (error: NodeJS.ErrnoException | null) => void) => {
      synced.push(performance.now());
      real.fdatasync(fd, done);
    }, real.fdatasync);
    return { ...real, fdatasync };
  });
});
afterAll(() => {
  vi.doUnmock('node:fs');
  vi.resetModules();
});

// promise: Writes are grouped per turn of the event loop; `fdatasync` every 100 ms.
test('what was written is synced 100 ms after the first of it, however much follows, and where nothing was written nothing is synced', async () => {
  const { openJournal } = await import('./journal.ts');
  const journal = await openJournal({
    directory: temporaryDirectory(),
    installationId: 'test',
    bytesMax: 2 ** 24,
    onEvent: () => {},
    onDefect: () => {},
  });
  await sleep(250);
  synced.length = 0;
  const beganMs = performance.now();
  for (let i = 0; i < 8; i += 1) {
    journal.end(givenEnd());
    expect(await written(journal)).toBe('written');
  }
  const tookMs = performance.now() - beganMs;
  await sleep(300);
  expect((synced[0] as number) - beganMs).toBeGreaterThanOrEqual(99);
  expect(synced.length).toBeLessThanOrEqual(1 + Math.floor(tookMs / 99));
  synced.length = 0;
  await sleep(250);
  expect(synced).toEqual([]);
  journal.end(givenEnd());
  await vi.waitFor(() => expect(synced).toHaveLength(1), { timeout: 2_000 });
  await journal.close();
});
