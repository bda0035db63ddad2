import type { Usage } from '../../domain/usage/usage.ts';
import type { JsonObject } from '../dialect.ts';
import type { AnswerEvent, AnswerOptions, Opaque, StopReason, StreamEncoder } from '../neutral.ts';
import { returnsThinking } from './encode-answer.ts';
import { OpenCall, type OpenItem, OpenMessage, OpenReasoning } from './open-item.ts';
import { type ItemStatus, reasoningItem } from './output-items.ts';
import { incompleteReason, type ResponseState, repeatedOf, responseId, responseObject } from './response-object.ts';
import { sealedThinking } from './sealed-thinking.ts';
import { type CalledTool, calledTools } from './tool-names.ts';
import { failureEvents, responseEvent } from './write-events.ts';

/**
 * Writes neutral events as the events of a response, numbered from 0. An item ends when the next one begins, unless it is a call
 * whose arguments are still arriving. There is no last word but the response's own end.
 */
export class ResponsesStreamEncoder implements StreamEncoder {
  readonly #repeated: JsonObject;
  readonly #tools: ReadonlyMap<string, CalledTool>;
  readonly #seals: boolean;
  readonly #open = new Map<number, OpenItem>();
  readonly #output: JsonObject[] = [];
  #sequence = 0;
  #items = 0;
  #id = 'resp_';
  #model: string;
  #usage: Usage | null = null;
  #stop: StopReason = 'end';

  constructor(options: AnswerOptions) {
    this.#repeated = repeatedOf(options);
    this.#tools = calledTools(options.asked);
    this.#seals = returnsThinking(options);
    this.#model = options.model;
  }

  write(event: AnswerEvent): string {
    switch (event.is) {
      case 'start':
        return this.#start(event.id, event.model);
      case 'text':
      case 'refusal':
        return this.#within(
          event.block,
          OpenMessage,
          (index, id) => new OpenMessage(index, id),
          (item) => item.text(this.#say, event.text),
        );
      case 'citation':
        return this.#within(
          event.block,
          OpenMessage,
          (index, id) => new OpenMessage(index, id),
          (item) => {
            item.cite(event.citation);
            return '';
          },
        );
      case 'thinking':
        return this.#thinking(event.block, (item) => item.text(this.#say, event.text));
      case 'signature':
        // A call has no place for a signature here.
        if (this.#open.get(event.block) instanceof OpenCall) return '';
        return this.#thinking(event.block, (item) => {
          item.sign(event.signature);
          return '';
        });
      case 'redacted_thinking':
        return this.#redacted(event.data);
      case 'tool_call':
        return this.#within(
          event.block,
          OpenCall,
          (index, id) => new OpenCall(index, id, event, this.#tools.get(event.name)),
          () => '',
        );
      case 'arguments': {
        // The arguments of a call that has ended are whole already, and only white space can follow.
        const call = this.#open.get(event.block);
        return call instanceof OpenCall ? call.arguments(this.#say, event.json) : '';
      }
      case 'raw':
        return '';
      case 'block_end':
        return this.#finish(event.block, 'completed');
      case 'stop':
        this.#stop = event.reason;
        return '';
      case 'usage':
        this.#usage = event.usage === 'implausible' ? null : event.usage;
        return '';
      case 'error':
        return failureEvents(event.message, this.#sequence, this.#state('failed'), this.#repeated);
      case 'end':
        return this.#end();
    }
  }

  readonly #say = (type: string, fields: JsonObject): string => responseEvent(type, fields, this.#sequence++);

  #start(id: string, model: string | null): string {
    this.#id = responseId(id);
    this.#model = model ?? this.#model;
    const response = responseObject(this.#state('in_progress'), this.#repeated);
    return this.#say('response.created', { response }) + this.#say('response.in_progress', { response });
  }

  #thinking(block: number, act: (item: OpenReasoning) => string): string {
    return this.#within(block, OpenReasoning, (index, id) => new OpenReasoning(index, id, this.#seals), act);
  }

  /** Continues the block's item, or ends the others and begins it. */
  #within<T extends OpenItem>(
    block: number,
    kind: new (...args: never[]) => T,
    make: (index: number, id: string) => T,
    act: (item: T) => string,
  ): string {
    const known = this.#open.get(block);
    if (known instanceof kind) return act(known);
    const before = this.#finishWhole();
    const item = make(this.#items, `${this.#id}_${this.#items}`);
    this.#items += 1;
    this.#open.set(block, item);
    return before + item.begin(this.#say) + act(item);
  }

  #redacted(data: Opaque): string {
    const before = this.#finishWhole();
    const index = this.#items++;
    const sealed = this.#seals ? sealedThinking({ is: 'redacted_thinking', data }) : null;
    const item = reasoningItem(`${this.#id}_${index}`, '', sealed);
    this.#output[index] = item;
    const fields = { output_index: index, item };
    return before + this.#say('response.output_item.added', fields) + this.#say('response.output_item.done', fields);
  }

  #finishWhole(): string {
    let out = '';
    for (const [block, item] of this.#open) if (item.isWhole()) out += this.#finish(block, 'completed');
    return out;
  }

  #finish(block: number, status: ItemStatus): string {
    const item = this.#open.get(block);
    if (item === undefined) return '';
    this.#open.delete(block);
    this.#output[item.index] = item.item(status);
    return item.finish(this.#say, status);
  }

  #end(): string {
    const incomplete = incompleteReason(this.#stop);
    let out = '';
    for (const block of [...this.#open.keys()]) out += this.#finish(block, incomplete === null ? 'completed' : 'incomplete');
    const status = incomplete === null ? 'completed' : 'incomplete';
    const response = responseObject({ ...this.#state(status), incomplete }, this.#repeated);
    return out + this.#say(`response.${status}`, { response });
  }

  #state(status: ResponseState['status']): ResponseState {
    return {
      id: this.#id,
      model: this.#model,
      status,
      output: status === 'in_progress' ? [] : this.#output.filter((item) => item !== undefined),
      usage: status === 'in_progress' ? null : this.#usage,
      incomplete: null,
      error: null,
    };
  }
}
