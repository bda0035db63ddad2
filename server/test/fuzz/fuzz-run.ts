/** One run of the fuzz: a gateway of its own, called by many at once, killed and started again on the way, and its books at the end. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gateway } from '../prove/gateway.ts';
import { inDatabase, type Where } from '../prove/stored-rows.ts';
import { Random } from '../simulation/random.ts';
import { booksOf, countersOf, type Expected, rejectedRows } from './fuzz-books.ts';
import { bodyOf, callOf, INPUT_NANO_USD, OUTPUT_NANO_USD } from './fuzz-case.ts';
import { type FuzzClient, type Heard, openClient } from './fuzz-client.ts';
import { type FuzzSite, furnish, LABELLED, PLAIN_MODEL, renameThings } from './fuzz-site.ts';
import { type HostileProvider, honestAnswer, promptOf, startHostileProvider } from './hostile-provider.ts';
import { poisonJournal, poisonRows } from './poison.ts';

export interface FuzzPlace {
  start(): Promise<Gateway>;
  readonly where: Where;
  readonly dataDir: string;
  /** How many kills go by between two at which stored rows are poisoned: reaching the embedded database takes a while. */
  readonly poisonRowsEvery: number;
}

export interface FuzzPlan {
  readonly seed: number;
  readonly cases: number;
  readonly killEvery: number;
  /** Stop at the first thing that is not as it should be. */
  readonly stopsAtFirst: boolean;
}

/** Something that must not be. */
export interface Finding {
  readonly is: 'exit' | 'start_refused' | 'bad_money' | 'harmed' | 'wrong_answer' | 'books';
  readonly atCase: number;
  readonly what: string;
}

export interface FuzzReport {
  readonly cases: number;
  /** Calls of the tenant beside, each of them answered and charged as it should be. */
  readonly others: number;
  readonly kills: number;
  readonly findings: readonly Finding[];
}

const AT_ONCE = 48;
const OTHERS_EVERY = 8;
const HELD = 8;
const FINDINGS_MAX = 200;

export async function fuzz(place: FuzzPlace, plan: FuzzPlan): Promise<FuzzReport> {
  const provider = await startHostileProvider(plan.seed);
  const run = new Run(place, plan, provider);
  try {
    return await run.all();
  } finally {
    await run.close();
    await provider.stop();
  }
}

class Run {
  readonly #place: FuzzPlace;
  readonly #plan: FuzzPlan;
  readonly #provider: HostileProvider;
  readonly #random: Random;
  readonly #findings: Finding[] = [];
  readonly #expected = new Map<string, Expected>();
  #gateway: Gateway | null = null;
  #client: FuzzClient | null = null;
  #site: FuzzSite | null = null;
  #next = 0;
  #others = 0;
  #kills = 0;
  #groupNow = 0;
  #teamNow: 0 | 1 = 0;
  /** A kill and a start are under way: what breaks meanwhile says nothing. */
  #isRestarting = false;

  constructor(place: FuzzPlace, plan: FuzzPlan, provider: HostileProvider) {
    this.#place = place;
    this.#plan = plan;
    this.#provider = provider;
    this.#random = new Random(plan.seed * 17 + 3);
  }

  async all(): Promise<FuzzReport> {
    await this.#start();
    this.#site = await furnish(this.#running, this.#provider.base, this.#plan.seed);
    for (let i = 0; i < 3; i += 1) await this.#callAs(this.#its.poisoned.key.secret, `poisoned-${i}`);
    this.#expected.clear();
    while (this.#next < this.#plan.cases && !this.#isOver()) {
      const until = Math.min(this.#plan.cases, this.#next + this.#plan.killEvery);
      const first = Math.max(this.#next, until - 2 * AT_ONCE);
      await Promise.all([this.#changeThings(), ...this.#workers(first)]);
      const workers = this.#workers(until);
      // With calls in flight.
      await this.#whenAlmost(until);
      this.#lookAtLog();
      if (this.#isOver() || !(await this.#killAndStart())) break;
      await Promise.all(workers);
    }
    if (this.#findings.every(({ is }) => is !== 'start_refused' && is !== 'exit') && !this.#isOver()) await this.#closeBooks();
    return { cases: this.#next, others: this.#others, kills: this.#kills, findings: this.#findings };
  }

  async close(): Promise<void> {
    await this.#client?.close();
    await this.#gateway?.kill().catch(() => {});
  }

  get #running(): Gateway {
    if (this.#gateway === null) throw new Error('no gateway runs');
    return this.#gateway;
  }

  get #its(): FuzzSite {
    return this.#site as FuzzSite;
  }

  #isOver(): boolean {
    return this.#findings.length >= (this.#plan.stopsAtFirst ? 1 : FINDINGS_MAX);
  }

  #found(is: Finding['is'], what: string, atCase = this.#next): void {
    if (this.#findings.length < FINDINGS_MAX) this.#findings.push({ is, atCase, what });
  }

  async #start(): Promise<void> {
    this.#gateway = await this.#place.start();
    this.#client = openClient(this.#gateway.base, AT_ONCE + 2 * HELD);
  }

  async #whenAlmost(until: number): Promise<void> {
    while (this.#next < until && !this.#isOver()) await sleep(5);
  }

  #workers(until: number): Promise<void>[] {
    return Array.from({ length: AT_ONCE }, () => this.#work(until));
  }

  async #work(until: number): Promise<void> {
    while (this.#next < until && !this.#isOver()) {
      const n = this.#next;
      this.#next += 1;
      if (n % OTHERS_EVERY === 0) await this.#callAsOther(n);
      await this.#callCase(n);
    }
  }

  async #callCase(n: number): Promise<void> {
    const call = callOf(this.#plan.seed, n, this.#its.names);
    const { keys } = this.#its.mutated;
    const heard = await this.#call(call.path, (keys[n % keys.length] as { secret: string }).secret, call.headers, call.body, n);
    if (heard === null || call.nanoUsd === null || call.id === null) return;
    if (heard.status === 200) this.#expected.set(call.id, { nanoUsd: call.nanoUsd, teamId: null });
    else this.#found('wrong_answer', `a case as it should be is answered ${heard.status} ${heard.text.slice(0, 300)}`, n);
  }

  async #callAsOther(n: number): Promise<void> {
    const heard = await this.#callAs(this.#its.victim.key.secret, `other-${n}`, n % 2 === 0);
    if (heard === null) return;
    if (heard.status === 200) this.#others += 1;
    else this.#found('harmed', `another tenant's call is answered ${heard.status} ${heard.text.slice(0, 300)}`, n);
  }

  /** A call as anybody would make it, answered and charged as it should be. */
  async #callAs(
    secret: string,
    id: string,
    stream = false,
    model = PLAIN_MODEL,
    prompt = 'Hello.',
    teamId: string | null = null,
  ) {
    const body = bodyOf('chat', model, prompt, stream, this.#random);
    const heard = await this.#call('/v1/chat/completions', secret, ['x-client-request-id', id], body, this.#next);
    const { honest } = honestAnswer('openai', 'chat', stream);
    const nanoUsd = (honest?.input ?? 0) * INPUT_NANO_USD + (honest?.output ?? 0) * OUTPUT_NANO_USD;
    if (heard?.status === 200) this.#expected.set(id, { nanoUsd, teamId });
    return heard;
  }

  /** Null where the call was cut by a kill of ours, or by an end that was found already. */
  async #call(path: string, secret: string, headers: readonly string[], body: string, n: number): Promise<Heard | null> {
    while (this.#isRestarting) await sleep(5);
    const client = this.#client as FuzzClient;
    const heard = await patiently(() => client.call(path, secret, headers, body));
    // What is over is taken down, with its calls in flight.
    if (this.#isOver()) return null;
    if (heard.wrong !== null)
      this.#found('wrong_answer', `${heard.wrong}: ${body.slice(0, 200)} is answered ${heard.text.slice(0, 200)}`, n);
    if (heard.status !== 0) return heard;
    const isCut = () => this.#isRestarting || client !== this.#client || this.#isOver();
    if (isCut()) return null;
    await sleep(20);
    if (isCut()) return null;
    this.#found(
      isAlive(this.#running.pid) ? 'wrong_answer' : 'exit',
      `${heard.text}: ${this.#running.output().slice(-1_500)}`,
      n,
    );
    return null;
  }

  /** A key is moved and a model labelled otherwise while their calls are in flight; names are given and taken back. */
  async #changeThings(): Promise<void> {
    const { mover, teams, groups, mutated } = this.#its;
    const round = this.#kills;
    const held = Array.from({ length: HELD }, (_, at) => {
      const [key, model] = at % 2 === 0 ? [mover, PLAIN_MODEL] : [mutated.keys[0] as typeof mover, LABELLED];
      const teamId = teams[at % 2 === 0 ? this.#teamNow : 0];
      return this.#callAs(key.secret, `held-${round}-${at}`, at % 4 < 2, model, promptOf(round, true), teamId);
    });
    try {
      for (const since = Date.now(); this.#provider.waiting() < HELD && Date.now() - since < 10_000; ) await sleep(5);
      this.#teamNow = this.#teamNow === 0 ? 1 : 0;
      await this.#running.admin('PATCH', `/keys/${mover.id}`, { team_id: teams[this.#teamNow] });
      this.#groupNow = 1 - this.#groupNow;
      await this.#running.admin('PUT', `/callable-targets/${LABELLED}/access-groups`, {
        access_groups: [groups[this.#groupNow as 0 | 1]],
      });
      await renameThings(this.#running, this.#its, this.#random);
    } catch (error) {
      if (isAlive(this.#running.pid)) this.#found('wrong_answer', `${error}: ${this.#running.output().slice(-1_500)}`);
    }
    this.#provider.letGo();
    await Promise.all(held);
  }

  /** False where it does not start any more: there is nothing to go on with. */
  async #killAndStart(): Promise<boolean> {
    this.#isRestarting = true;
    this.#kills += 1;
    const { pid } = this.#running;
    if (!isAlive(pid)) this.#found('exit', this.#running.output().slice(-1_500));
    await this.#running.kill();
    await this.#client?.close();
    poisonJournal(path.join(this.#place.dataDir, 'journal'), this.#its, this.#random);
    if (this.#kills % this.#place.poisonRowsEvery === 0)
      await inDatabase(this.#place.where, (query) => poisonRows(query, this.#its, this.#random));
    try {
      await this.#start();
      return true;
    } catch (error) {
      this.#found('start_refused', String(error).slice(0, 1_500));
      return false;
    } finally {
      this.#isRestarting = false;
    }
  }

  #lookAtLog(): void {
    const output = this.#running.output();
    for (const sign of [
      'because of a bug in the gateway',
      'a job failed',
      'a request for the console, metrics or health failed',
    ]) {
      const at = output.indexOf(sign);
      if (at !== -1) this.#found('wrong_answer', `the log says: ${output.slice(Math.max(0, at - 100), at + 900)}`);
    }
  }

  async #closeBooks(): Promise<void> {
    const problems: string[] = [];
    // Once more, so that what a start puts right is not all that is looked at.
    await this.#changeThings();
    const counted = await countersOf(this.#running, this.#its, this.#its.groups[this.#groupNow as 0 | 1], problems);
    this.#lookAtLog();
    if ((await this.#running.stop()) !== 0) problems.push(`it did not end by itself: ${this.#running.output().slice(-1_000)}`);
    const books = await inDatabase(this.#place.where, (query) => booksOf(query, this.#its, counted, this.#expected));
    if (books.badMoney > 0) this.#found('bad_money', `${books.badMoney} rows`);
    for (const problem of [...problems, ...books.problems]) this.#found('books', problem);
    for (const id of rejectedRows(this.#place.dataDir))
      this.#found('books', `${id} is a row of ours and was not taken by the database`);
  }
}

/** A cold start on a busy machine may take its second to find a key, and says so; whoever calls tries again. */
async function patiently(call: () => Promise<Heard>): Promise<Heard> {
  for (let tries = 0; ; tries += 1) {
    const heard = await call();
    if (tries === TRIES_MAX || heard.status !== 503 || !heard.text.includes('Try again')) return heard;
    await sleep(TRY_AGAIN_MS);
  }
}

const TRIES_MAX = 40;
const TRY_AGAIN_MS = 250;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
