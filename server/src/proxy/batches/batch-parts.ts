import type { OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import type { BatchStep, Claim, SettledLine, StoredLines } from '../../store/batches/batch-work.ts';
import type { BatchAddress, BatchesQuestion, BatchRow } from '../../store/batches/batches.ts';
import type { FileStore } from '../files/file-store.ts';
import type { Gateway } from '../gateway.ts';
import type { BatchHolds } from './batch-holds.ts';

/** The queries on batches, bound to a database. */
export interface BatchStore {
  insert(row: BatchRow, lines: StoredLines): Promise<void>;
  find(address: BatchAddress, at: Date): Promise<BatchRow | null>;
  list(question: BatchesQuestion, at: Date): Promise<readonly BatchRow[]>;
  countRunning(organizationId: string): Promise<number>;
  requestCancel(address: BatchAddress, at: Date): Promise<BatchRow | null>;
  claim(asked: Claim, most: number): Promise<readonly BatchRow[]>;
  adopt(asked: Claim): Promise<readonly BatchRow[]>;
  renew(owner: string, until: Date): Promise<void>;
  giveUp(owner: string): Promise<void>;
  note(address: BatchAddress, owner: string, step: BatchStep): Promise<BatchRow | null>;
  noteUnlessCancelling(address: BatchAddress, owner: string, step: BatchStep): Promise<BatchRow | null>;
  linesOf(address: BatchAddress): Promise<StoredLines | null>;
  noteSettled(address: BatchAddress, owner: string, settled: Buffer, step: BatchStep): Promise<BatchRow | null>;
  settledAmong(organizationId: string, admittedAt: Date, requestIds: readonly string[]): Promise<readonly SettledLine[]>;
  dropOld(at: Date, most: number): Promise<number>;
}

/** The parts of the process that batches need. */
export interface BatchParts {
  readonly gateway: Gateway;
  readonly store: BatchStore;
  readonly files: FileStore;
  readonly holds: BatchHolds;
  readonly seal: (organization: OrganizationConfig, name: string, content: string) => Buffer | null;
  readonly open: (organization: OrganizationConfig, name: string, sealed: Uint8Array) => Buffer | null;
  /** The name of this process among those that work on batches. */
  readonly owner: string;
  /** True if no other process can work on batches. */
  readonly isAlone: boolean;
  /** Resolves when everything settled before the call is in the ledger. */
  readonly stored: () => Promise<void>;
  /** Calls for a look at what is due, soon. */
  readonly wake: () => void;
  readonly log: { readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void };
}
