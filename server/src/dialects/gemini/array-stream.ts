import { parseEvents } from '../../lib/sse.ts';
import type { AnswerStream, RequestFacts } from '../dialect.ts';
import { isObject, parseJson } from '../json.ts';

const EMPTY = Buffer.alloc(0);

/** Returns the stream in the form that the caller wants: as it is, or as one JSON array that grows. */
export function framed(stream: AnswerStream, { framing }: Pick<RequestFacts, 'framing'>): AnswerStream {
  return framing === 'array' ? new ArrayStream(stream) : stream;
}

/**
 * A stream of Gemini's chunks as one JSON array, as Google writes it without `alt=sse`. The array ends with the answer, or with an
 * error as its last member.
 */
class ArrayStream implements AnswerStream {
  readonly contentType = 'application/json; charset=utf-8';
  readonly #events: AnswerStream;
  #isBegun = false;
  #isEnded = false;

  constructor(events: AnswerStream) {
    this.#events = events;
  }

  push(chunk: Buffer): Buffer {
    return this.#written(this.#events.push(chunk));
  }

  end(how: Parameters<AnswerStream['end']>[0]): Buffer {
    const last = this.#written(this.#events.end(how));
    if (this.#isEnded) return last;
    this.#isEnded = true;
    return Buffer.concat([last, Buffer.from(this.#isBegun ? ']\n' : '[]\n')]);
  }

  facts() {
    return this.#events.facts();
  }

  /** Writes whole events as members of the array. */
  #written(events: Buffer): Buffer {
    if (events.length === 0) return EMPTY;
    let out = '';
    for (const member of membersIn(events.toString('utf8'))) {
      if (!isObject(parseJson(member))) continue;
      out += `${this.#isBegun ? ',\n' : '['}${member}`;
      this.#isBegun = true;
    }
    return Buffer.from(out);
  }
}

/** Returns the JSON texts in whole events. An error has no `data:` before it. */
function membersIn(events: string): string[] {
  const data = parseEvents(events).flatMap((event) => event.data ?? []);
  const errors = events.split('\n').filter((line) => line.startsWith('{'));
  return [...data, ...errors];
}
