/** Alerts about the disk under the journal, about files beside it, and about rows that the database refuses. */
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repeatedly } from './alert-calls.ts';
import type { AlertFault, AlertSite } from './alert-faults.ts';
import type { CertifiedPostgres } from './certified-postgres.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';
import { lockTable } from './locked-table.ts';
import { type MemoryDisk, mountMemory } from './memory-disk.ts';
import { inDatabase } from './stored-rows.ts';
import { makeKey, makeModel, makeTenant } from './tenant.ts';

const MODEL = 'fast';
const DISK_MEGABYTES = 64;
const FAILING_SYNCS = new URL('../support/failing-syncs.ts', import.meta.url).href;
const DAYS_LEFT = 5;

interface Ward {
  readonly disk: string;
  readonly postgres: CertifiedPostgres;
  readonly databaseUrl: string;
  /** Ends the gateway, and starts it on what it left. */
  restart(env?: NonNullable<GatewayOptions['env']>): Promise<unknown>;
  /** The same, with some work between the two. */
  restartAfter(work: () => Promise<unknown>): Promise<unknown>;
}

/** One gateway whose data directory is a small file system in memory, with a database behind a private CA. Only root may mount it. */
export async function openDiskSite(postgres: CertifiedPostgres, databaseUrl: string): Promise<AlertSite> {
  const memory = mountMemory(DISK_MEGABYTES);
  try {
    return await openOn(memory, postgres, databaseUrl);
  } catch (error) {
    memory.unmount();
    throw error;
  }
}

async function openOn(memory: MemoryDisk, postgres: CertifiedPostgres, databaseUrl: string): Promise<AlertSite> {
  const disk = memory.directory;
  const dataDir = path.join(disk, 'data');
  mkdirSync(dataDir);
  let gateway = await startGateway({ dataDir, env: { DATABASE_URL: postgres.verifiedBy(databaseUrl) } });
  await makeModel(gateway, { model: MODEL, provider: 'fake', upstreamModel: 'fake-small' });
  const key = await makeKey(gateway, await makeTenant(gateway), { rate_limits: { tpd: 1_000_000_000 } });
  const { adminToken, port } = gateway;
  const calls = repeatedly(() => gateway.base, { secret: key.secret, model: MODEL });
  const restart = async (env: NonNullable<GatewayOptions['env']> = {}, meanwhile: () => Promise<unknown> = async () => null) => {
    await gateway.stop();
    await meanwhile();
    const settings = { DATABASE_URL: postgres.verifiedBy(databaseUrl), HEADGATE_PORT: String(port), ...env };
    const next: Gateway = await startGateway({ dataDir, adminToken, env: settings });
    gateway = next;
  };
  return {
    name: 'disk',
    targets: [`127.0.0.1:${port}`],
    faults: faultsOf({ disk, postgres, databaseUrl, restart, restartAfter: (work) => restart({}, work) }),
    close: async () => {
      await calls.stop();
      await gateway.stop();
      memory.unmount();
    },
  };
}

function faultsOf({ disk, postgres, databaseUrl, restart, restartAfter }: Ward): readonly AlertFault[] {
  const filling = path.join(disk, 'filling');
  const empties = async () => rmSync(filling, { force: true });
  return [
    {
      fault: 'the disk fills to 95 %',
      fires: ['HeadgateVolumeFills'],
      make: async () => {
        const { bsize, blocks, bavail } = statfsSync(disk);
        writeFileSync(filling, Buffer.alloc(Math.floor((bavail - 0.05 * blocks) * bsize)));
        return empties;
      },
    },
    {
      fault: 'the disk is full',
      fires: ['HeadgateJournalNotWritable'],
      make: async () => {
        fill(filling);
        return empties;
      },
    },
    {
      fault: 'syncs of the journal fail',
      fires: ['HeadgateJournalNotSynced'],
      make: async () => {
        await restart({ NODE_OPTIONS: `--import ${FAILING_SYNCS}` });
        return () => restart();
      },
    },
    {
      fault: `a CA of PostgreSQL with ${DAYS_LEFT} days left`,
      fires: ['HeadgateCaExpires'],
      make: async () => {
        postgres.useCa(DAYS_LEFT);
        await restart();
        return () => {
          postgres.useCa(400);
          return restart();
        };
      },
    },
    {
      fault: 'a start while somebody locks the rollups',
      fires: ['HeadgateCountersCold'],
      make: async () => {
        // Not before it has stopped: it would wait for the lock as long as it may to store what it has.
        let unlock = async () => {};
        const lock = async () => {
          unlock = await lockTable(databaseUrl, 'rollups');
        };
        await restartAfter(lock).catch(async (error) => {
          await unlock();
          throw error;
        });
        return unlock;
      },
    },
    {
      fault: 'the database refuses rows',
      fires: ['HeadgateRowsRejected'],
      make: async () => {
        await inDatabase({ databaseUrl }, async (query) => {
          await query(`create function no_row() returns trigger language plpgsql as
            $$ begin raise exception 'no such row may be stored' using errcode = 'check_violation'; end $$`);
          await query('create trigger no_row before insert on request_records for each row execute function no_row()');
        });
        return async () => {
          await inDatabase({ databaseUrl }, (query) => query('drop function no_row cascade'));
          await restart();
        };
      },
    },
  ];
}

/** Takes all the room there is left. */
function fill(file: string): void {
  for (const chunk of [1024 * 1024, 4 * 1024]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(chunk), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
