/** What a vendor says, event by event, with what each event carries of text and usage. Plain ASCII, so that bytes and characters agree. */

export type VendorKind = 'openai' | 'anthropic';

export interface VendorUsage {
  readonly input: number;
  readonly output: number;
}

export interface VendorEvent {
  readonly bytes: string;
  /** Bytes of the answer's text in this event. */
  readonly textBytes: number;
  /** What of the usage is known to whoever has read this event. */
  readonly usage: VendorUsage | null;
  /** The event that says the answer is complete. */
  readonly isTerminator: boolean;
}

const WORD = 'canal-gate ';
export const WORD_BYTES = WORD.length;

/** A whole answer of so many words. `text` replaces the words. */
export function wholeAnswer(
  kind: VendorKind,
  model: string,
  words: number,
  usage: VendorUsage,
  text = WORD.repeat(words),
): string {
  if (kind === 'anthropic') {
    const content = [{ type: 'text', text }];
    const said = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model,
      content,
      stop_reason: 'end_turn',
      stop_sequence: null,
    };
    return JSON.stringify({ ...said, usage: { input_tokens: usage.input, output_tokens: usage.output } });
  }
  const choices = [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }];
  return JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model, choices, usage: openAiUsage(usage) });
}

/** The same answer as a stream, one word an event. */
export function streamedAnswer(kind: VendorKind, model: string, words: number, usage: VendorUsage): VendorEvent[] {
  return kind === 'anthropic' ? anthropicStream(model, words, usage) : openAiStream(model, words, usage);
}

/** An error in the middle of a stream. */
export function streamedError(kind: VendorKind): string {
  return kind === 'anthropic'
    ? anthropicEvent({ type: 'error', error: { details: null, type: 'overloaded_error', message: 'Overloaded' } })
    : openAiEvent({ error: { type: 'server_error', code: 'server_error', message: 'An error occurred.', param: null } });
}

/** An error answer's body. */
export function errorBody(kind: VendorKind, type: string, message: string, code: string | null = null): string {
  const error =
    kind === 'anthropic' ? { type: 'error', error: { type, message } } : { error: { message, type, param: null, code } };
  return JSON.stringify(error);
}

function openAiStream(model: string, words: number, usage: VendorUsage): VendorEvent[] {
  const chunk = (fields: object) =>
    openAiEvent({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, ...fields });
  const choice = (delta: object, finish_reason: string | null) => chunk({ choices: [{ index: 0, delta, finish_reason }] });
  return [
    silent(choice({ role: 'assistant', content: '' }, null)),
    ...Array.from({ length: words }, () => spoken(choice({ content: WORD }, null))),
    silent(choice({}, 'stop')),
    { ...silent(chunk({ choices: [], usage: openAiUsage(usage) })), usage },
    { ...silent('data: [DONE]\n\n'), usage, isTerminator: true },
  ];
}

/** Anthropic reports the input first, with one token of output, and the output last. */
function anthropicStream(model: string, words: number, usage: VendorUsage): VendorEvent[] {
  const atStart = { input: usage.input, output: 1 };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null };
  const started = { ...message, usage: { input_tokens: atStart.input, output_tokens: atStart.output } };
  const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: WORD } };
  const ending = { stop_reason: 'end_turn', stop_sequence: null };
  return [
    { ...silent(anthropicEvent({ type: 'message_start', message: started })), usage: atStart },
    {
      ...silent(anthropicEvent({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } })),
      usage: atStart,
    },
    ...Array.from({ length: words }, () => ({ ...spoken(anthropicEvent(delta)), usage: atStart })),
    { ...silent(anthropicEvent({ type: 'content_block_stop', index: 0 })), usage: atStart },
    { ...silent(anthropicEvent({ type: 'message_delta', delta: ending, usage: { output_tokens: usage.output } })), usage },
    { ...silent(anthropicEvent({ type: 'message_stop' })), usage, isTerminator: true },
  ];
}

function openAiUsage({ input, output }: VendorUsage): object {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

function openAiEvent(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function anthropicEvent(data: { readonly type: string } & Readonly<Record<string, unknown>>): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function silent(bytes: string): VendorEvent {
  return { bytes, textBytes: 0, usage: null, isTerminator: false };
}

function spoken(bytes: string): VendorEvent {
  return { bytes, textBytes: WORD_BYTES, usage: null, isTerminator: false };
}
