import type { SseEvent } from '../../lib/sse.ts';
import type { JsonObject } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { isObject, objectsIn, parseJson, stringOr } from '../json.ts';
import { saidModel } from '../model-names.ts';
import type { AnswerEvent, StreamDecoder } from '../neutral.ts';
import { tierOf, usageOf } from '../usage.ts';
import { finishWord, partsOf } from './answer-parts.ts';
import { callIdOf } from './decode-answer.ts';
import { argumentsOf, ownPart } from './decode-parts.ts';
import { field } from './fields.ts';
import { citationsOf } from './grounding.ts';
import { addPartial } from './partial-arguments.ts';
import { signatureOf } from './signatures.ts';
import { stopOf } from './stop-words.ts';
import { searchesIn } from './usage.ts';

/** A call whose arguments arrive in pieces. */
interface OpenCall {
  readonly block: number;
  readonly args: JsonObject;
}

/**
 * Reads the chunks of Gemini's streams (the first candidate) into neutral events. Words of one kind that follow each other are one
 * block; a call is a block of its own. Nothing in the stream marks its end, so the finish reason does once no more arrives.
 */
export class ContentStreamDecoder implements StreamDecoder {
  #id = '';
  #isStarted = false;
  #block = -1;
  #kind: 'text' | 'thinking' | null = null;
  #textBlock = -1;
  #calls = 0;
  #searches = 0;
  #open: OpenCall | null = null;
  #isStopped = false;

  read({ data }: SseEvent): AnswerEvent[] {
    if (data === null) return [];
    const json = parseJson(data);
    if (!isObject(json)) return [{ is: 'error', message: 'the provider sent an event that is not JSON' }];
    const error = inBandError(json);
    const events = error === null || objectsIn(json.candidates).length > 0 ? this.#chunk(json) : this.#usage(json);
    return error === null ? events : [...events, { is: 'error', message: error }];
  }

  /** Returns the end of the answer, if it had a finish reason. */
  ended(): AnswerEvent[] {
    return this.#isStopped ? [{ is: 'end' }] : [];
  }

  #chunk(json: JsonObject): AnswerEvent[] {
    const events = this.#start(json);
    const candidate = objectsIn(json.candidates).find(({ index }) => index === undefined || index === 0);
    if (candidate !== undefined) {
      for (const part of partsOf(candidate)) events.push(...this.#part(part));
      events.push(...this.#citations(candidate));
    }
    const word = candidate === undefined ? finishWord(json) : stringOr(field(candidate, 'finishReason'), null);
    if (word !== null && word !== '') events.push(...this.#stop(word, candidate === undefined));
    return [...events, ...this.#usage(json)];
  }

  #start(json: JsonObject): AnswerEvent[] {
    if (this.#isStarted) return [];
    this.#isStarted = true;
    this.#id = stringOr(field(json, 'responseId'), '');
    return [{ is: 'start', id: this.#id, model: saidModel(field(json, 'modelVersion')), usage: null }];
  }

  #part(part: JsonObject): AnswerEvent[] {
    const call = field(part, 'functionCall');
    if (isObject(call)) return this.#call(call, part);
    const own = ownPart(part);
    if (own?.is === 'raw') return [...this.#closed(), { is: 'raw', block: ++this.#block, part: own }];
    const words = stringOr(part.text, '');
    const signature = signatureOf(field(part, 'thoughtSignature'));
    if (part.thought === true) {
      const events: AnswerEvent[] = words === '' && signature === null ? [] : this.#within('thinking');
      if (words !== '') events.push({ is: 'thinking', block: this.#block, text: words });
      if (signature === null) return events;
      return [...events, { is: 'signature', block: this.#block, signature }, ...this.#closed()];
    }
    const events: AnswerEvent[] = words === '' ? [] : [...this.#within('text'), { is: 'text', block: this.#block, text: words }];
    if (words !== '') this.#textBlock = this.#block;
    if (signature === null) return events;
    // A signature beside the visible words becomes an empty thought after them.
    return [
      ...events,
      ...this.#closed(),
      ...this.#within('thinking'),
      { is: 'signature', block: this.#block, signature },
      ...this.#closed(),
    ];
  }

  #within(kind: 'text' | 'thinking'): AnswerEvent[] {
    if (this.#kind === kind) return [];
    const events = this.#closed();
    this.#kind = kind;
    this.#block += 1;
    return events;
  }

  #closed(): AnswerEvent[] {
    if (this.#kind === null) return [];
    this.#kind = null;
    return [{ is: 'block_end', block: this.#block }];
  }

  #call(call: JsonObject, part: JsonObject): AnswerEvent[] {
    const name = stringOr(call.name, '');
    const events = this.#closed();
    if (name !== '' || this.#open === null) {
      events.push(...this.#endCall());
      const block = ++this.#block;
      events.push({ is: 'tool_call', block, id: callIdOf(call.id, this.#id, this.#calls++), name });
      const signature = signatureOf(field(part, 'thoughtSignature'));
      if (signature !== null) events.push({ is: 'signature', block, signature });
      if (field(call, 'willContinue') !== true && field(call, 'partialArgs') === undefined)
        return [...events, { is: 'arguments', block, json: argumentsOf(call.args) }, { is: 'block_end', block }];
      this.#open = { block, args: {} };
    }
    for (const piece of objectsIn(field(call, 'partialArgs'))) addPartial((this.#open as OpenCall).args, piece);
    return field(call, 'willContinue') === true ? events : [...events, ...this.#endCall()];
  }

  #endCall(): AnswerEvent[] {
    if (this.#open === null) return [];
    const { block, args } = this.#open;
    this.#open = null;
    return [
      { is: 'arguments', block, json: JSON.stringify(args) },
      { is: 'block_end', block },
    ];
  }

  /** Citations belong to the words before them. Their block may have ended by then. */
  #citations(candidate: JsonObject): AnswerEvent[] {
    const block = this.#textBlock;
    return block === -1 ? [] : citationsOf(candidate).map((citation) => ({ is: 'citation', block, citation }));
  }

  #stop(word: string, isBlocked: boolean): AnswerEvent[] {
    this.#isStopped = true;
    const reason = isBlocked ? 'refusal' : stopOf(word, this.#calls > 0);
    return [...this.#closed(), ...this.#endCall(), { is: 'stop', reason, word, stopSequence: null }];
  }

  #usage(json: JsonObject): AnswerEvent[] {
    this.#searches = Math.max(this.#searches, searchesIn(json));
    const usage = usageOf('gemini', json);
    if (usage === null) return [];
    const all = usage === 'implausible' || this.#searches === 0 ? usage : { ...usage, search: this.#searches };
    return [{ is: 'usage', usage: all, billedTier: tierOf('gemini', json) }];
  }
}
