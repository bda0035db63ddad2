import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { withFailingDisk } from '../../test/support/failing-disk.ts';
import { openTestJournal, temporaryDirectory, written } from '../../test/support/journals.ts';
import { givenEnd } from '../../test/support/records.ts';

const disk = withFailingDisk();

// promise: Writes are grouped per turn of the event loop; `fdatasync` every 100 ms.
test('what was written is synced 100 ms after the first of it, however much follows, and where nothing was written nothing is synced', async () => {
  const { openJournal, synced } = disk();
  const { journal } = await openTestJournal(temporaryDirectory(), { syncEveryMs: 100 }, openJournal);
  await sleep(250);
  synced.length = 0;
  const beganMs = performance.now();
  for (let i = 0; i < 8; i += 1) {
    journal.end(givenEnd());
    expect(await written(journal)).toBe('written');
  }
  const tookMs = performance.now() - beganMs;
  await vi.waitFor(() => expect(synced.length).toBeGreaterThan(0), { timeout: 15_000 });
  await sleep(300);
  expect((synced[0] as number) - beganMs).toBeGreaterThanOrEqual(99);
  expect(synced.length).toBeLessThanOrEqual(1 + Math.floor(tookMs / 99));
  synced.length = 0;
  await sleep(250);
  expect(synced).toEqual([]);
  journal.end(givenEnd());
  await vi.waitFor(() => expect(synced).toHaveLength(1), { timeout: 15_000 });
});
