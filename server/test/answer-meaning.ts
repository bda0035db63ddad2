/** What an answer means to a client, whatever its dialect: for holding a translated answer against the recording it came from. */
import { jsonEventsIn } from './support/event-stream.ts';

export interface Meaning {
  readonly text: string;
  /** Name and parsed arguments. */
  readonly tools: readonly (readonly [string, unknown])[];
  readonly stop: string | null;
  readonly input: number | undefined;
  readonly output: number | undefined;
  /** Tokens read from and written to a cache that `input` does not include. */
  readonly cache: number;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of many vendors, read as loosely as clients read them
type Json = any;

/** The dialects in which an answer can be read. */
export type ChatKind = 'chat' | 'messages' | 'responses' | 'gemini';
/** Those of clients, and those in which only providers answer. */
export type AnswerKind = ChatKind | 'completions' | 'cohere' | 'converse';

export function meaningOf(kind: AnswerKind, stream: boolean, bytes: Buffer): Meaning {
  const text = bytes.toString();
  if (kind === 'responses') return response(stream ? finalResponse(jsonEventsIn(text)) : JSON.parse(text));
  if (kind === 'completions') return completions(stream ? jsonEventsIn(text) : [JSON.parse(text)]);
  if (kind === 'cohere') return stream ? cohereStream(jsonEventsIn(text)) : cohere(JSON.parse(text));
  if (kind === 'converse') return stream ? converseStream(text) : converse(JSON.parse(text));
  if (kind === 'gemini') return contents(stream ? jsonEventsIn(text) : [JSON.parse(text)]);
  if (!stream) return kind === 'chat' ? chat(JSON.parse(text)) : message(JSON.parse(text));
  return kind === 'chat' ? chatStream(jsonEventsIn(text)) : messageStream(jsonEventsIn(text));
}

function parsed(args: unknown): unknown {
  if (typeof args !== 'string') return args ?? {};
  if (args === '') return {};
  try {
    return JSON.parse(args);
  } catch {
    return args;
  }
}

function textParts(content: Json): string {
  if (!Array.isArray(content)) return content ?? '';
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
}

function chat(json: Json): Meaning {
  const [choice] = json.choices;
  return {
    text: textParts(choice.message.content) + (choice.message.refusal ?? ''),
    tools: (choice.message.tool_calls ?? []).map((call: Json) => [call.function.name, parsed(call.function.arguments)]),
    stop: choice.finish_reason,
    input: json.usage?.prompt_tokens,
    output: json.usage?.completion_tokens,
    cache: 0,
  };
}

function chatStream(chunks: Json[]): Meaning {
  const calls: { name: string; args: string }[] = [];
  let text = '';
  let stop: string | null = null;
  let usage: Json;
  for (const chunk of chunks) {
    const choice = chunk.choices?.[0];
    if (choice !== undefined && (choice.index ?? 0) === 0) {
      text += textParts(choice.delta?.content) + (choice.delta?.refusal ?? '');
      for (const call of choice.delta?.tool_calls ?? []) {
        const index = call.index ?? calls.length;
        calls[index] ??= { name: '', args: '' };
        if (call.function?.name) calls[index].name = call.function.name;
        calls[index].args += call.function?.arguments ?? '';
      }
      stop = choice.finish_reason ?? stop;
    }
    usage = chunk.usage ?? chunk.x_groq?.usage ?? usage;
  }
  const tools = calls.filter(Boolean).map(({ name, args }) => [name, parsed(args)] as const);
  return { text, tools, stop, input: usage?.prompt_tokens, output: usage?.completion_tokens, cache: 0 };
}

function response(json: Json): Meaning {
  const parts = json.output.flatMap((item: Json) => (item.type === 'message' ? item.content : []));
  const text = parts.map((part: Json) => part.text ?? part.refusal ?? '').join('');
  const tools = json.output.flatMap((item: Json) => {
    if (item.type === 'function_call') return [[item.name, parsed(item.arguments)]];
    return item.type === 'custom_tool_call' ? [[item.name, { input: item.input }]] : [];
  });
  const { input_tokens: input, output_tokens: output } = json.usage ?? {};
  return { text, tools, stop: json.incomplete_details?.reason ?? json.status, input, output, cache: 0 };
}

/** The response that a client puts together from its events, as Codex does: the items that ended, and the last report. */
function finalResponse(events: Json[]): Json {
  const output = events.flatMap((event) => (event.type === 'response.output_item.done' ? [event.item] : []));
  const last = events.findLast((event) => /^response\.(completed|incomplete|failed)$/.test(event.type));
  return { ...last?.response, output };
}

function message(json: Json): Meaning {
  const usage = json.usage ?? {};
  return {
    text: textParts(json.content),
    tools: json.content.flatMap((block: Json) => (block.type === 'tool_use' ? [[block.name, block.input]] : [])),
    stop: json.stop_reason,
    input: usage.input_tokens,
    output: usage.output_tokens,
    cache: (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
  };
}

function messageStream(events: Json[]): Meaning {
  const blocks: Json[] = [];
  let stop: string | null = null;
  let usage: Json = {};
  for (const event of events) {
    if (event.type === 'message_start') usage = { ...event.message.usage };
    if (event.type === 'content_block_start') blocks[event.index] = { ...event.content_block, json: '' };
    if (event.type === 'content_block_delta') {
      const block = blocks[event.index];
      if (event.delta.type === 'text_delta') block.text = (block.text ?? '') + event.delta.text;
      if (event.delta.type === 'input_json_delta') block.json += event.delta.partial_json;
    }
    if (event.type === 'message_delta') {
      stop = event.delta.stop_reason;
      usage = { ...usage, ...Object.fromEntries(Object.entries(event.usage ?? {}).filter(([, value]) => value !== null)) };
    }
  }
  const content = blocks
    .filter(Boolean)
    .map((block) => (block.type === 'tool_use' && block.json !== '' ? { ...block, input: parsed(block.json) } : block));
  return message({ content, stop_reason: stop, usage });
}

/** A text completion and its chunks. Of several texts, the first. */
function completions(chunks: Json[]): Meaning {
  const choices = chunks.flatMap((chunk) => chunk.choices ?? []).filter(({ index }) => (index ?? 0) === 0);
  const usage = chunks.findLast((chunk) => (chunk.usage ?? null) !== null)?.usage;
  return {
    text: choices.map(({ text }) => text).join(''),
    tools: [],
    stop: choices.map((choice) => choice.finish_reason).findLast(Boolean) ?? null,
    input: usage?.prompt_tokens,
    output: usage?.completion_tokens,
    cache: 0,
  };
}

/** Gemini's chunks add up to an answer. Arguments may arrive in pieces by their paths; no translation of ours writes those. */
function contents(chunks: Json[]): Meaning {
  const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
  const usage = chunks.findLast((chunk) => chunk.usageMetadata?.totalTokenCount !== undefined)?.usageMetadata ?? {};
  const output = (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0);
  return {
    text: parts.map((part: Json) => (part.thought ? '' : (part.text ?? ''))).join(''),
    tools: parts.flatMap((part: Json) =>
      part.functionCall?.name ? [[part.functionCall.name, part.functionCall.args ?? {}]] : [],
    ),
    stop:
      chunks.map((chunk) => chunk.candidates?.[0]?.finishReason ?? chunk.promptFeedback?.blockReason).findLast(Boolean) ?? null,
    input: usage.totalTokenCount === undefined ? undefined : usage.totalTokenCount - output,
    output: usage.totalTokenCount === undefined ? undefined : output,
    cache: 0,
  };
}

/** Cohere's answer. The units that it bills are what a client is told. */
function cohere({ message, finish_reason: stop, usage }: Json): Meaning {
  const { input_tokens: input, output_tokens: output } = usage?.billed_units ?? {};
  return {
    text: textParts(message.content),
    tools: (message.tool_calls ?? []).map((call: Json) => [call.function.name, parsed(call.function.arguments)]),
    stop: stop ?? null,
    input,
    output,
    cache: 0,
  };
}

function cohereStream(events: Json[]): Meaning {
  const content: Json[] = [];
  const calls: Json[] = [];
  for (const { type, index, delta } of events) {
    const said = delta?.message;
    if (type === 'content-delta' && said.content.text !== undefined) content.push({ type: 'text', text: said.content.text });
    if (type === 'tool-call-start') calls[index] = { function: { ...said.tool_calls.function } };
    if (type === 'tool-call-delta') calls[index].function.arguments += said.tool_calls.function.arguments;
  }
  const end = events.findLast(({ type }) => type === 'message-end')?.delta;
  return cohere({ message: { content, tool_calls: calls }, finish_reason: end?.finish_reason, usage: end?.usage });
}

/** An answer of Bedrock's Converse. Calls of tools that run at Amazon are none of the client's. */
function converse(json: Json): Meaning {
  const content: Json[] = json.output.message.content;
  const usage = json.usage ?? {};
  return {
    text: content.map((block) => block.text ?? '').join(''),
    tools: content.flatMap(({ toolUse }) =>
      toolUse !== undefined && toolUse.type !== 'server_tool_use' ? [[toolUse.name, parsed(toolUse.input)] as const] : [],
    ),
    stop: json.stopReason,
    input: usage.inputTokens,
    output: usage.outputTokens,
    cache: (usage.cacheReadInputTokens ?? 0) + (usage.cacheWriteInputTokens ?? 0),
  };
}

/** The events of a stream add up to an answer. */
function converseStream(text: string): Meaning {
  const blocks: Json[] = [];
  let stopReason: string | null = null;
  let usage: Json;
  for (const [, name, data] of text.matchAll(/^event: (.*)\ndata: (.*)$/gm)) {
    const event = JSON.parse(data as string);
    const at = event.contentBlockIndex;
    if (name === 'contentBlockStart')
      blocks[at] = event.start.toolUse === undefined ? {} : { toolUse: { ...event.start.toolUse, input: '' } };
    if (name === 'contentBlockDelta') {
      blocks[at] ??= {};
      const block = blocks[at];
      if (event.delta.text !== undefined) block.text = (block.text ?? '') + event.delta.text;
      if (event.delta.toolUse !== undefined) block.toolUse.input += event.delta.toolUse.input;
    }
    if (name === 'messageStop') stopReason = event.stopReason;
    if (name === 'metadata') usage = event.usage;
  }
  return converse({ output: { message: { content: blocks.filter(Boolean) } }, stopReason, usage });
}
