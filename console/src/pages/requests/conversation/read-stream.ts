import { isObject, type Json, parsedOrNull, textIn, writtenText } from './json.ts';
import type { Part } from './message.ts';
import { type Draft, errorOf, partsOfContent } from './read-messages.ts';

/** Puts a streamed answer together from its events, in either dialect, also if it broke off. */

interface StreamedAnswer {
  /** `broken` if the stream ended before its dialect's last event, or if it was stored only in part. */
  readonly is: 'whole' | 'broken' | 'unreadable';
  readonly messages: readonly Draft[];
  readonly error: string | null;
}

export function readStream(text: string): StreamedAnswer {
  const chat = new ChatAnswer();
  const message = new MessageAnswer();
  let error: string | null = null;
  let events = 0;
  for (const data of dataOf(text)) {
    if (data.trim() === '[DONE]') chat.isDone = true;
    const event = parsedOrNull(data);
    if (!isObject(event)) continue;
    events += 1;
    error = errorOf(event) ?? error;
    if (Array.isArray(event.choices)) chat.take(event.choices);
    else message.take(event);
  }
  if (events === 0) return { is: 'unreadable', messages: [], error: null };
  return { is: chat.isDone || message.isDone ? 'whole' : 'broken', messages: [...chat.messages(), ...message.messages()], error };
}

/** Returns the data of each event. The last one may lack its empty line, because some servers leave it out. */
function* dataOf(text: string): Generator<string> {
  let lines: string[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === '' && lines.length > 0) {
      yield lines.join('\n');
      lines = [];
    } else if (line.startsWith('data:')) lines.push(line.slice(line.startsWith('data: ') ? 6 : 5));
  }
  if (lines.length > 0) yield lines.join('\n');
}

interface Call {
  id: string;
  name: string;
  input: string;
}

/** One choice of a streamed chat completion. */
class Choice {
  text = '';
  thinking = '';
  refusal = '';
  stop: string | null = null;
  readonly calls = new Map<unknown, Call>();

  take(delta: Json): void {
    for (const part of partsOfContent(delta.content)) {
      if (part.is === 'text') this.text += part.text;
      if (part.is === 'thinking') this.thinking += part.text;
    }
    this.thinking += textIn(delta, 'reasoning_content') || textIn(delta, 'reasoning');
    this.refusal += textIn(delta, 'refusal');
    for (const call of Array.isArray(delta.tool_calls) ? delta.tool_calls : []) if (isObject(call)) this.#call(call.index, call);
    if (isObject(delta.function_call)) this.#call('older', { function: delta.function_call });
  }

  #call(index: unknown, call: Json): void {
    const known = this.calls.get(index) ?? { id: '', name: '', input: '' };
    const named = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {};
    this.calls.set(index, {
      id: known.id || textIn(call, 'id'),
      name: known.name || textIn(named, 'name'),
      input: known.input + (textIn(named, 'arguments') || textIn(named, 'input')),
    });
  }

  parts(): readonly Part[] {
    const said = (
      [
        ['thinking', this.thinking],
        ['text', this.text],
        ['refusal', this.refusal],
      ] as const
    ).filter(([, text]) => text !== '');
    return [
      ...said.map(([is, text]) => ({ is, text })),
      ...[...this.calls.values()].map((call) => ({ is: 'call' as const, ...call })),
    ];
  }
}

/** The chunks of a chat completion, with one message for each choice. */
class ChatAnswer {
  isDone = false;
  readonly #choices = new Map<unknown, Choice>();

  take(choices: readonly unknown[]): void {
    for (const choice of choices) {
      if (!isObject(choice)) continue;
      const index = choice.index ?? 0;
      const known = this.#choices.get(index) ?? new Choice();
      this.#choices.set(index, known);
      if (isObject(choice.delta)) known.take(choice.delta);
      known.stop = textIn(choice, 'finish_reason') || known.stop;
    }
  }

  messages(): readonly Draft[] {
    return [...this.#choices.values()].map((choice) => ({ role: 'assistant', parts: choice.parts(), stop: choice.stop }));
  }
}

/** One content block of a streamed message. */
interface Block {
  readonly start: Json;
  text: string;
  input: string;
}

/** The events of a message. */
class MessageAnswer {
  isDone = false;
  #isBegun = false;
  #stop: string | null = null;
  readonly #blocks = new Map<unknown, Block>();

  take(event: Json): void {
    switch (event.type) {
      case 'message_start':
        this.#isBegun = true;
        return;
      case 'content_block_start':
        this.#isBegun = true;
        this.#blocks.set(event.index, { start: isObject(event.content_block) ? event.content_block : {}, text: '', input: '' });
        return;
      case 'content_block_delta':
        this.#delta(event.index, isObject(event.delta) ? event.delta : {});
        return;
      case 'message_delta':
        this.#stop = (isObject(event.delta) ? textIn(event.delta, 'stop_reason') : '') || this.#stop;
        return;
      case 'message_stop':
        this.isDone = true;
    }
  }

  #delta(index: unknown, delta: Json): void {
    const block = this.#blocks.get(index) ?? { start: { type: 'text' }, text: '', input: '' };
    this.#blocks.set(index, block);
    this.#isBegun = true;
    block.text += textIn(delta, 'text') || textIn(delta, 'thinking');
    block.input += textIn(delta, 'partial_json');
  }

  messages(): readonly Draft[] {
    if (!this.#isBegun) return [];
    return [{ role: 'assistant', parts: [...this.#blocks.values()].flatMap(partsOfBlock), stop: this.#stop }];
  }
}

function partsOfBlock({ start, text, input }: Block): readonly Part[] {
  const [part] = partsOfContent([start]);
  if (part === undefined) return [];
  if (part.is === 'text' || part.is === 'thinking') return part.text + text === '' ? [] : [{ ...part, text: part.text + text }];
  // The input of a call begins as an empty object, and arrives as pieces of JSON.
  if (part.is === 'call') return [{ ...part, input: input === '' ? writtenText(start.input ?? {}) : input }];
  return [part];
}
