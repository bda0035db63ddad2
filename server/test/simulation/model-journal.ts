import type { BeginRecord, EndRecord } from '../../src/ledger/records.ts';
import { estimatedEnd } from '../../src/ledger/replay.ts';
import type { SettlementJournal } from '../../src/proxy/gateway.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';

/** What of a request-log row the counters must agree with. */
export interface Row {
  readonly requestId: string;
  readonly organizationId: string;
  readonly teamId: string;
  readonly memberId: string | null;
  readonly keyId: string;
  readonly calledName: string;
  readonly atMs: number;
  readonly tokens: number;
  readonly nanoUsd: number;
}

type Line = { readonly is: 'begin'; readonly record: BeginRecord } | { readonly is: 'end'; readonly record: EndRecord };

/** Journal and ledger as one list in memory. What was not yet written is lost in a crash; what began and did not end is estimated then. */
export class ModelJournal implements SettlementJournal {
  hasRoom = true;
  readonly #schedule: Schedule;
  readonly #random: Random;
  #written: Line[] = [];
  #unwritten: Line[] = [];
  readonly #onBegin: (record: BeginRecord) => void;
  #whenWritten: ((outcome: 'written') => void)[] = [];
  #afterWrite: (() => void)[] = [];
  #isScheduled = false;

  constructor(schedule: Schedule, random: Random, onBegin: (record: BeginRecord) => void) {
    this.#schedule = schedule;
    this.#random = random;
    this.#onBegin = onBegin;
  }

  room(): boolean {
    return this.hasRoom;
  }

  begin(record: BeginRecord): void {
    this.#unwritten.push({ is: 'begin', record });
    this.#onBegin(record);
  }

  end(record: EndRecord): void {
    this.#unwritten.push({ is: 'end', record });
  }

  shape(): void {}

  whenWritten(callback: (outcome: 'written') => void): void {
    this.#whenWritten.push(callback);
    this.#writeSoon();
  }

  afterWrite(callback: () => void): void {
    this.#afterWrite.push(callback);
    this.#writeSoon();
  }

  /** Has what was settled so far written, and whoever counts told of it, as the real one does for its position. */
  flush(): void {
    this.#written.push(...this.#unwritten.splice(0));
    for (const callback of this.#afterWrite.splice(0)) callback();
  }

  /** The process died. What is on record then is all there is. */
  crash(): readonly Row[] {
    this.#unwritten = [];
    this.#whenWritten = [];
    this.#afterWrite = [];
    this.#isScheduled = false;
    const ended = new Set(this.#written.flatMap((line) => (line.is === 'end' ? [line.record.requestId] : [])));
    const begun = new Map<string, BeginRecord>();
    for (const line of this.#written) {
      if (line.is === 'begin' && !ended.has(line.record.requestId)) begun.set(line.record.requestId, line.record);
    }
    for (const record of begun.values()) this.#written.push({ is: 'end', record: estimatedEnd(whole(record)) });
    return this.rows();
  }

  /** Every admitted request that ended, in the order of their ends. */
  rows(): readonly Row[] {
    return [...this.#written, ...this.#unwritten].flatMap((line) => (line.is === 'end' ? rowOf(line.record) : []));
  }

  #writeSoon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule.after(this.#random.whole(0, 3), () => this.#write());
  }

  #write(): void {
    this.#isScheduled = false;
    this.flush();
    for (const callback of this.#whenWritten.splice(0)) callback('written');
  }
}

function rowOf(end: EndRecord): readonly Row[] {
  if (end.status === 'refused') return [];
  const { requestId, organizationId, teamId, memberId, keyId, calledName, admittedAtMs: atMs } = end;
  const tokens = sum(end.entries.flatMap(({ usage }) => Object.values(usage)));
  const nanoUsd = sum(end.entries.map((entry) => entry.nanoUsd ?? 0));
  return [{ requestId, organizationId, teamId, memberId, keyId, calledName, atMs, tokens, nanoUsd }];
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

function whole(record: BeginRecord): Required<BeginRecord> {
  return {
    clientRequestId: null,
    endpoint: '',
    stream: false,
    attempts: 1,
    decision: '',
    tags: [],
    tagRoute: '',
    attribution: NOBODY,
    ...record,
  };
}

const NOBODY = { endUser: null, session: null, client: null };
