import { runSeed, seedFlags } from '../cli/seed.ts';
import { createLogger } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import { readConfig } from '../settings/config.ts';
import { openStores } from './open-stores.ts';

/** Creates load-size data in the database of the settings. */
export async function seed(flags: readonly string[]): Promise<void> {
  const { size, rest } = seedFlags(flags, clock.nowMs());
  const config = readConfig(process.env, rest);
  const stores = await openStores(config, createLogger(config.log));
  try {
    const print = (line: string) => process.stdout.write(`${line}\n`);
    await runSeed({ database: stores.database, pepper: stores.installation.pepper, audit: stores.audit }, size, {
      dataDir: config.dataDir,
      print,
    });
  } finally {
    await stores.close();
  }
}
