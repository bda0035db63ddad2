import type { Hold } from '../../src/counters/counters.ts';
import type { MemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import type { BeginRecord } from '../../src/ledger/records.ts';
import { serveDataPlane } from '../../src/proxy/data-plane.ts';
import { type Client, newAsk } from './client.ts';
import type { Fault } from './faults.ts';
import { ModelJournal } from './model-journal.ts';
import { type Process, plansOf, startProcess } from './process.ts';
import { Random } from './random.ts';
import { Schedule, settled } from './schedule.ts';
import { type Asker, Truth } from './truth.ts';
import { edit, newWorld, type World } from './world.ts';

const STEPS = 1_200;
/** A world that does not come to rest within so many steps never will. */
const REST_STEPS_MAX = 20_000;
const HOUR_MS = 3_600_000;

/** Instants around which much happens: days and months that end, clocks that change. */
const BEGINNINGS = [
  '2026-03-28T22:55:00Z',
  '2026-10-24T23:50:00Z',
  '2027-01-31T22:58:00Z',
  '2026-07-23T10:00:00Z',
  '2028-02-29T17:40:00Z',
] as const;

interface Asking {
  readonly asker: Asker;
  readonly client: Client;
}

/** One run: a world, its time, and one thing after another happening in it. After each, everything that must be so is checked. */
export class Simulation {
  steps = 0;
  readonly #random: Random;
  readonly #schedule: Schedule;
  readonly #world: World;
  readonly #journal: ModelJournal;
  readonly #truth: Truth;
  readonly #database = { away: false };
  readonly #fault: Fault | null;
  readonly #delays: boolean;
  readonly #askings = new Map<string, Asking>();
  readonly #begun: BeginRecord[] = [];
  #asking: Asking | null = null;
  #memory: MemoryCounters | null = null;
  #process: Process | null = null;

  constructor(seed: number, fault: Fault | null) {
    this.#random = new Random(seed * 7_919);
    this.#fault = fault;
    this.#delays = fault === null && this.#random.chance(0.3);
    this.#schedule = new Schedule(Date.parse(this.#random.pick(BEGINNINGS)));
    this.#world = newWorld(this.#random);
    this.#journal = new ModelJournal(this.#schedule, this.#random, (record) => this.#began(record));
    this.#truth = new Truth({
      nowMs: () => this.#memory?.nowMs() ?? this.#schedule.nowMs(),
      askerOf: (requestId) => this.#askingOf(requestId).asker,
      groupsOf: (name) => this.#world.catalogue.targets.get(name)?.accessGroups ?? new Set(),
    });
  }

  get admitted(): number {
    return this.#truth.ledger.rows.length;
  }

  /** What was not so, with the step at which it was noticed; null when all was. */
  async run(): Promise<string | null> {
    await this.#start();
    for (; this.steps < STEPS && this.#truth.violation === null; this.steps++) {
      await this.#happening()();
      await settled();
      await this.#check();
    }
    if (this.#truth.violation === null) await this.#comeToRest();
    const { violation } = this.#truth;
    return violation === null ? null : `step ${this.steps}: ${violation}`;
  }

  #happening(): () => void | Promise<void> {
    const random = this.#random;
    return random.weighted<() => void | Promise<void>>([
      [150, () => this.#ask()],
      [700, () => void this.#schedule.step()],
      [20, () => this.#schedule.pass(random.whole(1, 90_000))],
      [4, () => this.#schedule.pass(random.whole(HOUR_MS, 40 * HOUR_MS))],
      [5, () => this.#turnClockBack()],
      [2, () => this.#schedule.jump(random.whole(1, 50 * HOUR_MS))],
      [12, () => this.#edit()],
      [3, () => this.#crash()],
      [6, () => this.#comeAndGo()],
      [6, () => this.#evict()],
      [6, () => this.#correct()],
      [6, () => this.#poll()],
    ]);
  }

  /** By less than an hour in all: further back a process that starts believes the clock rather than the ledger. */
  #turnClockBack(): void {
    const behindMs = (this.#memory?.nowMs() ?? 0) - this.#schedule.nowMs();
    if (behindMs < 600_000) this.#schedule.jump(-this.#random.whole(1, 2_900_000));
  }

  /** Somebody asks something. A full journal lets nothing begin. */
  #ask(): void {
    const secret = this.#random.pick([...this.#world.keyIdBySecret.keys()]);
    const { model, request, reply, bounded } = newAsk(secret, this.#schedule, this.#random);
    const key = this.#world.keys.get(this.#world.keyIdBySecret.get(secret) as string);
    if (key === undefined) return;
    const { organizationId, teamId, id: keyId, owner } = key;
    const memberId = owner.is === 'member' ? owner.memberId : null;
    this.#asking = { asker: { organizationId, teamId, memberId, keyId, calledName: model, bounded }, client: reply };
    this.#journal.hasRoom = !this.#random.chance(0.01);
    serveDataPlane(request, reply, this.#running().gateway);
    this.#asking = null;
  }

  /** An administrator's change: in the store at once, live when the snapshot has read it; lost on it while the database is away. */
  #edit(): void {
    if (this.#database.away) return;
    this.#running()
      .gateway.snapshot.apply(edit(this.#world, this.#random))
      .catch(() => {});
  }

  #poll(): void {
    this.#running()
      .gateway.snapshot.poll()
      .catch(() => {});
  }

  async #crash(): Promise<void> {
    this.#running().tell();
    this.#schedule.clear();
    this.#process = null;
    for (const { client } of this.#askings.values()) client.lost = true;
    this.#truth.crashed(this.#journal.crash());
    this.#schedule.pass(this.#random.pick([0, 500, 20_000, 2 * HOUR_MS]));
    await this.#start();
  }

  #comeAndGo(): void {
    this.#database.away = !this.#database.away && this.#random.chance(0.5);
  }

  #evict(): void {
    if (this.#random.chance(0.5)) this.#schedule.pass(11 * 60_000);
    this.#running().memory.evictIdle();
    this.#truth.forgetKnown();
  }

  /** The proof job: what it writes must be what is there. */
  async #correct(): Promise<void> {
    const known = this.#truth.knownCounters().filter(({ window }) => window.is === 'calendar');
    if (known.length === 0) return;
    const spec = this.#random.pick(known);
    const past = this.#truth.settledNow(spec);
    if (past !== null) await this.#running().counters.correct(spec, past.periodStartMs, past.amount);
  }

  async #start(): Promise<void> {
    this.#database.away = false;
    const starting = startProcess({
      schedule: this.#schedule,
      random: this.#random,
      world: this.#world,
      journal: this.#journal,
      truth: this.#truth,
      database: this.#database,
      fault: this.#fault,
      delays: this.#delays,
      newRequestId: () => this.#newRequestId(),
      hungUp: (hold: Hold) => this.#askingOf(hold.requestId).client.gone,
      counting: (memory) => {
        this.#memory = memory;
      },
    });
    let started: Process | null = null;
    starting.then((process) => {
      started = process;
    });
    while (started === null) {
      await settled();
      if (started === null && !this.#schedule.step()) throw new Error('the gateway does not start');
    }
    this.#process = started;
    this.#running().tell();
    if (this.#fault === null) this.#truth.checkRestored(plansOf(this.#world, this.#schedule.nowMs()));
  }

  /** Every counter that a decision has read must still say what the ledger says. */
  async #check(): Promise<void> {
    const { counters, memory, tell } = this.#running();
    tell();
    for (const record of this.#begun.splice(0)) this.#truth.began(record);
    const known = this.#truth.knownCounters();
    const readings = counters.read(known);
    // A past that must be asked for again takes its time; it is checked when it is there.
    if (!(readings instanceof Promise)) this.#truth.checkReadings(known, readings, 'afterwards');
    else readings.catch(() => {});
    if (this.#fault === null && memory.inFlight() !== this.#truth.inFlight) {
      this.#truth.fail(`${memory.inFlight()} requests hold something, ${this.#truth.inFlight} are in flight`);
    }
  }

  /** Nobody asks any more: every request must end, be settled and be in the ledger, and hold nothing. */
  async #comeToRest(): Promise<void> {
    this.#database.away = false;
    for (let i = 0; i < REST_STEPS_MAX && this.#truth.violation === null; i++) {
      await settled();
      await this.#check();
      if (!this.#schedule.step()) break;
    }
    if (this.#truth.inFlight > 0) this.#truth.fail(`${this.#truth.inFlight} requests never ended`);
    this.#truth.checkLedger(this.#journal.rows());
    for (const { client } of this.#askings.values()) {
      if (!client.over && !client.gone && !client.lost) this.#truth.fail('a client was never answered');
    }
  }

  #began(record: BeginRecord): void {
    this.#begun.push(record);
    if (this.#askingOf(record.requestId).client.gone)
      this.#truth.fail(`${record.requestId} was sent for a client that had hung up`);
  }

  #newRequestId(): string {
    const id = `req_${'0'.repeat(12)}7${this.#random.bytes(10).toString('hex').slice(0, 19)}`;
    if (this.#asking !== null) this.#askings.set(randomPart(id), this.#asking);
    return id;
  }

  #askingOf(requestId: string): Asking {
    return this.#askings.get(randomPart(requestId)) as Asking;
  }

  #running(): Process {
    if (this.#process === null) throw new Error('the gateway is not running');
    return this.#process;
  }
}

function randomPart(requestId: string): string {
  return requestId.slice(16);
}
