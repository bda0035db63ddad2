/** The plain client beside undici: the same answer in the same pieces, and whether both report the same. */
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { createTimerWheel } from '../../src/lib/timing/timer-wheel.ts';
import type { UpstreamFailureKind, UpstreamHeaders, UpstreamSink } from '../../src/upstream/call.ts';
import { OriginPool } from '../../src/upstream/origin-pool.ts';
import type { TransportRequest } from '../../src/upstream/transport-request.ts';
import { UpstreamRequest } from '../../src/upstream/upstream-request.ts';
import { drawAnswer } from './answers.ts';
import { MemorySocket } from './memory-socket.ts';
import { drawFrom, fragments } from './random.ts';
import type { FuzzResult } from './request-fuzz.ts';

/** Reads as many answers as asked with both clients. `from`: the first seed; each answer has one of its own. */
export async function fuzzAnswers(answers: number, from: number): Promise<FuzzResult> {
  let inLane = 0;
  const disagreements: string[] = [];
  let disagreed = 0;
  for (let seed = from; seed < from + answers; seed += 1) {
    const draw = drawFrom(seed);
    const pieces = fragments(drawAnswer(draw), draw);
    const [full, plain] = [await exchange('full', pieces), await exchange('plain', pieces)];
    if (!plain.wasOdd) inLane += 1;
    const problem = disagreement(full, plain);
    if (problem === null) continue;
    disagreed += 1;
    if (disagreements.length < 5)
      disagreements.push(`seed ${seed}: ${problem}: ${JSON.stringify(pieces.map((piece) => piece.toString('latin1')))}`);
  }
  return { connections: answers, messages: answers, inLane, disagreed, disagreements };
}

/** What one request heard. */
class Hearing implements UpstreamSink {
  head_: string | null = null;
  body = '';
  over: 'end' | UpstreamFailureKind | null = null;

  head(status: number, headers: UpstreamHeaders): void {
    this.head_ = JSON.stringify([status, Object.entries(headers)]);
  }

  data(chunk: Buffer): boolean {
    this.body += chunk.toString('latin1');
    return true;
  }

  end(): void {
    this.over = 'end';
  }

  failed({ kind }: { readonly kind: UpstreamFailureKind }): void {
    this.over = kind;
  }
}

interface Exchanged {
  readonly first: Hearing;
  /** A next request of the same origin, whose answer is always the same. */
  readonly next: Hearing;
  readonly wasOdd: boolean;
}

const NEXT = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnext');

function disagreement(full: Exchanged, plain: Exchanged): string | null {
  if (plain.next.over !== 'end' || plain.next.body !== 'next')
    return `the next request heard ${plain.next.over} ${plain.next.body}`;
  const [known, heard] = [full.first, plain.first];
  const isFailure = known.over !== 'end' && known.over !== null;
  if (isFailure ? heard.over === 'end' || heard.over === null : known.over !== heard.over)
    return `undici ${known.over}, the plain client ${heard.over}`;
  // What came before a failure may differ by what stood in the piece that failed; nothing of it is told to be complete.
  if (isFailure) return null;
  if (known.head_ !== heard.head_) return `undici heard ${known.head_}, the plain client ${heard.head_}`;
  return known.body === heard.body
    ? null
    : `undici heard ${JSON.stringify(known.body)}, the plain client ${JSON.stringify(heard.body)}`;
}

async function exchange(client: 'plain' | 'full', pieces: readonly Buffer[]): Promise<Exchanged> {
  const wheel = createTimerWheel();
  const sockets: MemorySocket[] = [];
  const requests = () => sockets.reduce((sum, { said }) => sum + (said.match(/POST \/ HTTP/g)?.length ?? 0), 0);
  const pool = new OriginPool(
    'http://provider.test',
    {
      client,
      connect: (_target, callback) => {
        const socket = new MemorySocket();
        sockets.push(socket);
        queueMicrotask(() => callback(null, socket as unknown as Socket));
        return socket as unknown as Socket;
      },
      connectionsMax: 1,
      waitingMax: 1,
      keepAliveMs: 60_000,
      headerBytesMax: 32 * 1024,
      nowMs: () => wheel.nowMs(),
    },
    () => {},
  );
  let wasOdd = false;
  const send = async (answer: readonly Buffer[]) => {
    const hearing = new Hearing();
    const before = requests();
    const attempt = new UpstreamRequest(REQUEST, hearing, pool, wheel);
    const { oddAnswer } = attempt;
    attempt.oddAnswer = (...given) => {
      wasOdd = true;
      oddAnswer.apply(attempt, given);
    };
    attempt.begin();
    while (requests() === before) await turn();
    const socket = sockets.findLast(({ said }) => said !== '') as MemorySocket;
    for (const piece of answer) {
      socket.feed(Buffer.from(piece));
      await turn();
    }
    if (hearing.over === null) socket.hangUp();
    for (let turns = 0; hearing.over === null && turns < 20; turns += 1) await turn();
    return hearing;
  };
  const first = await send(pieces);
  const next = await send([NEXT]);
  pool.close();
  wheel.stop();
  return { first, next, wasOdd };
}

const REQUEST: TransportRequest = {
  origin: 'http://provider.test',
  method: 'POST',
  path: '/',
  headers: ['content-type', 'application/json'],
  body: Buffer.from('{}'),
  timeoutMs: 60_000,
  answerBytesMax: 1_000_000,
};
