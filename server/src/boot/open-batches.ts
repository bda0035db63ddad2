import type { Logger } from '../lib/log.ts';
import { BatchHolds } from '../proxy/batches/batch-holds.ts';
import type { BatchStore } from '../proxy/batches/batch-parts.ts';
import { BatchesState } from '../proxy/batches/batches-state.ts';
import { createContentOpener, createContentSealer } from '../proxy/content/content-sealer.ts';
import type { Gateway } from '../proxy/gateway.ts';
import type { Config } from '../settings/config.ts';
import * as work from '../store/batches/batch-work.ts';
import * as stored from '../store/batches/batches.ts';
import type { Database } from '../store/database.ts';
import type { Stores } from './open-stores.ts';

/** The longest wait until rows of lines are in the ledger. After that the step is repeated. */
const STORED_MS_MAX = 60_000;

/** Opens the batches of this process. They begin to be worked on with `driver.start()`. */
export function openBatches(config: Config, stores: Stores, gateway: Gateway, log: Logger): BatchesState {
  const { database, writer, owner, installation, masterKey } = stores;
  const wrappers = { master: masterKey, installation: installation.content };
  return new BatchesState({
    gateway,
    store: batchStore(database.db),
    files: gateway.files,
    holds: new BatchHolds(gateway),
    seal: createContentSealer(wrappers),
    open: createContentOpener(wrappers),
    owner,
    isAlone: config.redisUrl === null,
    stored: () => writer.barrier(async () => {}, STORED_MS_MAX),
    log,
  });
}

/** Binds the queries on batches to a database. */
export function batchStore(db: Database): BatchStore {
  return {
    insert: (row, lines) => stored.insert(db, row, lines),
    find: (address, at) => stored.find(db, address, at),
    list: (question, at) => stored.list(db, question, at),
    countRunning: (organizationId) => stored.countRunning(db, organizationId),
    requestCancel: (address, at) => stored.requestCancel(db, address, at),
    claim: (asked, most) => work.claim(db, asked, most),
    adopt: (asked) => work.adopt(db, asked),
    renew: (owner, until) => work.renew(db, owner, until),
    giveUp: (owner) => work.giveUp(db, owner),
    note: (address, owner, step) => work.note(db, address, owner, step),
    noteUnlessCancelling: (address, owner, step) => work.noteUnlessCancelling(db, address, owner, step),
    linesOf: (address) => work.linesOf(db, address),
    noteSettled: (address, owner, settled, step) => work.noteSettled(db, address, owner, settled, step),
    settledAmong: (organizationId, admittedAt, ids) => work.settledAmong(db, organizationId, admittedAt, ids),
    dropOld: (at, most) => work.dropOld(db, at, most),
  };
}
