import type { GatewayRequest, Reply } from '../../src/http/request-reply.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';

/** A client: what it asks, and whether it stays for the answer. */
export interface Ask {
  readonly secret: string;
  readonly model: string;
  readonly request: GatewayRequest;
  /** The output has a bound the gateway knows: what is charged can then never exceed what was held. */
  readonly bounded: boolean;
  readonly reply: Client;
}

export function newAsk(secret: string, schedule: Schedule, random: Random): Ask {
  const model = random.pick(['alpha', 'alpha-mini', 'omega']);
  const cap = random.chance(0.7) ? random.whole(1, 300) : null;
  const anthropic = cap !== null && random.chance(0.15);
  const body = {
    model,
    messages: [{ role: 'user', content: 'x'.repeat(random.whole(1, 400)) }],
    ...(cap === null ? {} : { max_tokens: cap }),
    ...(random.chance(0.4) ? { stream: true } : {}),
    ...(!anthropic && random.chance(0.1) ? { n: 2 } : {}),
  };
  const rawHeaders = ['content-type', 'application/json', 'authorization', `Bearer ${secret}`];
  const request: GatewayRequest = {
    method: 'POST',
    path: anthropic ? '/v1/messages' : '/v1/chat/completions',
    query: '',
    header: (name) => (name === 'content-type' ? 'application/json' : undefined),
    rawHeaders,
    body: Buffer.from(JSON.stringify(body)),
    remoteAddress: '127.0.0.1',
    startedMs: schedule.monotonicMs(),
  };
  return { secret, model, request, bounded: cap !== null, reply: new Client(schedule, random) };
}

/** Reads the answer, slowly at times, and may hang up at any moment: while a hold is pending, before the first byte, in the middle. */
export class Client implements Reply {
  gone = false;
  over = false;
  /** The gateway crashed on it. */
  lost = false;
  status = 0;
  #whenGone: () => void = () => {};
  #whenDrained: () => void = () => {};
  readonly #schedule: Schedule;
  readonly #random: Random;

  constructor(schedule: Schedule, random: Random) {
    this.#schedule = schedule;
    this.#random = random;
    if (random.chance(0.2))
      schedule.after(
        random.weighted([
          [1, 0],
          [3, random.whole(1, 5_000)],
          [1, 90_000],
        ]),
        () => this.#hangUp(),
      );
  }

  head(status: number): void {
    this.status = status;
  }

  chunk(): boolean {
    if (this.gone || this.#random.chance(0.9)) return true;
    this.#schedule.after(this.#random.whole(1, 1_000), () => this.#whenDrained());
    return false;
  }

  end(): void {
    this.over = true;
  }

  destroy(): void {
    this.#hangUp();
  }

  onGone(callback: () => void): void {
    this.#whenGone = callback;
    if (this.gone) callback();
  }

  onDrained(callback: () => void): void {
    this.#whenDrained = callback;
  }

  #hangUp(): void {
    if (this.over || this.gone) return;
    this.gone = true;
    this.#whenGone();
  }
}
