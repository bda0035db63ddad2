import type { JsonObject } from '../dialect.ts';
import { parseJson } from '../json.ts';
import type { Citation, Opaque } from '../neutral.ts';
import { callItem, type ItemStatus, messageItem, reasoningItem, textContent, urlCitation } from './output-items.ts';
import { sealedThinking } from './sealed-thinking.ts';
import type { CalledTool } from './tool-names.ts';

/** Writes one event of a response. The writer numbers the events. */
type Say = (type: string, fields: JsonObject) => string;

/** An item of a response that is being written. */
export interface OpenItem {
  readonly index: number;
  /** Returns the events that begin the item. */
  begin(say: Say): string;
  /** Returns the events that end it. `item` is then whole. */
  finish(say: Say, status: ItemStatus): string;
  /** Returns the item as it is. */
  item(status: ItemStatus): JsonObject;
  /** True if another item may begin before more of this one arrives. */
  isWhole(): boolean;
}

/** A message of the model. */
export class OpenMessage implements OpenItem {
  readonly index: number;
  readonly #id: string;
  readonly #citations: Citation[] = [];
  #text = '';

  constructor(index: number, id: string) {
    this.index = index;
    this.#id = id;
  }

  begin(say: Say): string {
    const item = messageItem(this.#id, 'in_progress', []);
    return (
      say('response.output_item.added', { output_index: this.index, item }) +
      say('response.content_part.added', { ...this.#place(), part: textContent('', []) })
    );
  }

  text(say: Say, delta: string): string {
    this.#text += delta;
    return say('response.output_text.delta', { ...this.#place(), delta, logprobs: [] });
  }

  cite(citation: Citation): void {
    this.#citations.push(citation);
  }

  finish(say: Say, status: ItemStatus): string {
    const annotations = this.#annotations();
    let out = '';
    annotations.forEach((annotation, annotation_index) => {
      out += say('response.output_text.annotation.added', { ...this.#place(), annotation_index, annotation });
    });
    out += say('response.output_text.done', { ...this.#place(), text: this.#text, logprobs: [] });
    out += say('response.content_part.done', { ...this.#place(), part: textContent(this.#text, annotations) });
    return out + say('response.output_item.done', { output_index: this.index, item: this.item(status) });
  }

  item(status: ItemStatus): JsonObject {
    return messageItem(this.#id, status, [textContent(this.#text, this.#annotations())]);
  }

  isWhole(): boolean {
    return true;
  }

  #place(): JsonObject {
    return { item_id: `msg_${this.#id}`, output_index: this.index, content_index: 0 };
  }

  #annotations(): JsonObject[] {
    return this.#citations.map((citation) => urlCitation(citation, 0, this.#text.length));
  }
}

/** The model's thinking. Its text is written as a summary, which clients show. */
export class OpenReasoning implements OpenItem {
  readonly index: number;
  readonly #id: string;
  readonly #seals: boolean;
  #text = '';
  #signature: Opaque | null = null;

  constructor(index: number, id: string, seals: boolean) {
    this.index = index;
    this.#id = id;
    this.#seals = seals;
  }

  begin(say: Say): string {
    return say('response.output_item.added', { output_index: this.index, item: reasoningItem(this.#id, '', null) });
  }

  text(say: Say, delta: string): string {
    const isFirst = this.#text === '';
    this.#text += delta;
    const part = { type: 'summary_text', text: '' };
    return (
      (isFirst ? say('response.reasoning_summary_part.added', { ...this.#place(), part }) : '') +
      say('response.reasoning_summary_text.delta', { ...this.#place(), delta })
    );
  }

  sign(signature: Opaque): void {
    this.#signature = signature;
  }

  finish(say: Say): string {
    const text = this.#text;
    const part = { type: 'summary_text', text };
    return (
      (text === '' ? '' : say('response.reasoning_summary_text.done', { ...this.#place(), text })) +
      (text === '' ? '' : say('response.reasoning_summary_part.done', { ...this.#place(), part })) +
      say('response.output_item.done', { output_index: this.index, item: this.item() })
    );
  }

  item(): JsonObject {
    const part = { is: 'thinking', text: this.#text, signature: this.#signature } as const;
    return reasoningItem(this.#id, this.#text, this.#seals ? sealedThinking(part) : null);
  }

  isWhole(): boolean {
    return true;
  }

  #place(): JsonObject {
    return { item_id: `rs_${this.#id}`, output_index: this.index, summary_index: 0 };
  }
}

/** A call of a tool. Arguments of functions are passed on as they arrive; those of other tools are converted at their end. */
export class OpenCall implements OpenItem {
  readonly index: number;
  readonly #id: string;
  readonly #callId: string;
  readonly #name: string;
  readonly #tool: CalledTool | undefined;
  #arguments = '';

  constructor(index: number, id: string, call: { readonly id: string; readonly name: string }, tool: CalledTool | undefined) {
    this.index = index;
    this.#id = id;
    this.#callId = call.id;
    this.#name = call.name;
    this.#tool = tool;
  }

  begin(say: Say): string {
    return say('response.output_item.added', { output_index: this.index, item: this.#itemWith('', 'in_progress') });
  }

  arguments(say: Say, delta: string): string {
    this.#arguments += delta;
    if (!this.#isFunction()) return '';
    return say('response.function_call_arguments.delta', { ...this.#place('fc'), delta });
  }

  finish(say: Say, status: ItemStatus): string {
    const item = this.item(status);
    let out = '';
    if (this.#isFunction()) {
      if (this.#arguments === '') out += say('response.function_call_arguments.delta', { ...this.#place('fc'), delta: '{}' });
      out += say('response.function_call_arguments.done', { ...this.#place('fc'), arguments: item.arguments });
    } else if (this.#tool?.is === 'custom') {
      out += say('response.custom_tool_call_input.delta', { ...this.#place('ctc'), delta: item.input });
      out += say('response.custom_tool_call_input.done', { ...this.#place('ctc'), input: item.input });
    }
    return out + say('response.output_item.done', { output_index: this.index, item });
  }

  item(status: ItemStatus): JsonObject {
    return this.#itemWith(this.#arguments, status);
  }

  isWhole(): boolean {
    return parseJson(this.#arguments) !== undefined;
  }

  #itemWith(args: string, status: ItemStatus): JsonObject {
    return callItem(this.#id, status, { callId: this.#callId, name: this.#name, arguments: args }, this.#tool);
  }

  #isFunction(): boolean {
    return this.#tool === undefined || this.#tool.is === 'function';
  }

  #place(prefix: string): JsonObject {
    return { item_id: `${prefix}_${this.#id}`, output_index: this.index };
  }
}
