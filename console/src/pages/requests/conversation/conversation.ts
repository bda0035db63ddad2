import { words } from '../words.ts';
import { isObject, type Json, parsedOrNull } from './json.ts';
import type { Message, Part } from './message.ts';
import { type Draft, readMessages, readSystem, readWholeAnswer } from './read-messages.ts';
import { readStream } from './read-stream.ts';

/** A stored request and its answer as a conversation. All texts are what a model or a client wrote, never markup. */
export interface Conversation {
  readonly messages: readonly Message[];
  /** The number of older messages and of parts that are left out. The raw JSON has them. */
  readonly leftOut: number;
  /** True if the request has no messages that can be read, because it was too long to be stored whole. */
  readonly isCut: boolean;
  /** The names of the tools that the request offers. */
  readonly tools: readonly string[];
  /** The message of an error that the client got instead of an answer, or at its end. */
  readonly error: string | null;
  readonly answer: 'whole' | 'broken' | 'none' | 'unreadable';
}

/** The most that is shown of a conversation. The rest is in the raw JSON. */
export const BOUNDS = { messages: 200, parts: 100, textChars: 50_000, allChars: 500_000, nameChars: 200, tools: 200 } as const;

interface Stored {
  readonly mode: string;
  readonly request: unknown;
  readonly response: unknown;
}

/** Returns a stored content as a conversation. Null if neither its request nor its answer has messages. Never throws. */
export function conversationOf({ request, response }: Stored): Conversation | null {
  const parsed = parsedOrNull(request);
  const asked: Json | null = isObject(parsed) && Array.isArray(parsed.messages) ? parsed : null;
  const answered = readAnswer(response);
  if (asked === null && answered.messages.length === 0) return null;
  // A request of another dialect, such as one of Cursor, is whole. Only its raw JSON shows it.
  if (asked === null && isObject(parsed)) return null;
  const drafts = [
    ...(asked === null ? [] : [...readSystem(asked), ...readMessages(asked.messages as readonly unknown[])]).map((draft) => ({
      ...draft,
      from: 'request' as const,
    })),
    ...answered.messages.map((draft) => ({ ...draft, from: 'answer' as const })),
  ];
  return {
    ...bounded(drafts),
    tools: toolNames(asked?.tools),
    isCut: asked === null,
    error: answered.error,
    answer: answered.is,
  };
}

interface Answered {
  readonly is: Conversation['answer'];
  readonly messages: readonly Draft[];
  readonly error: string | null;
}

function readAnswer(response: unknown): Answered {
  if (response === null || response === undefined) return { is: 'none', messages: [], error: null };
  const whole = parsedOrNull(response);
  // With the content mode `metadata` only the size of the answer is stored.
  if (isObject(whole) && typeof whole.bytes === 'number' && Object.keys(whole).length === 1)
    return {
      is: 'whole',
      messages: [{ role: 'assistant', parts: [{ is: 'size', bytes: whole.bytes }], stop: null }],
      error: null,
    };
  if (isObject(whole)) return readWholeAnswer(whole);
  return typeof response === 'string' ? readStream(response) : { is: 'unreadable', messages: [], error: null };
}

function toolNames(tools: unknown): readonly string[] {
  if (!Array.isArray(tools)) return [];
  return tools.slice(0, BOUNDS.tools).flatMap((tool: unknown) => {
    if (typeof tool === 'string') return [cut(tool, BOUNDS.nameChars)];
    if (!isObject(tool)) return [];
    const name = isObject(tool.function) ? tool.function.name : isObject(tool.custom) ? tool.custom.name : tool.name;
    return typeof name === 'string' ? [cut(name, BOUNDS.nameChars)] : [];
  });
}

/** Keeps the newest messages within the bounds, in their order. */
function bounded(drafts: readonly (Draft & Pick<Message, 'from'>)[]): Pick<Conversation, 'messages' | 'leftOut'> {
  const room: { chars: number } = { chars: BOUNDS.allChars };
  const newest = drafts.slice(-BOUNDS.messages);
  const messages: Message[] = [];
  let leftOut = drafts.length - newest.length;
  for (const draft of newest.toReversed()) {
    if (room.chars === 0) {
      leftOut += 1;
      continue;
    }
    leftOut += Math.max(0, draft.parts.length - BOUNDS.parts);
    const parts = draft.parts.slice(0, BOUNDS.parts).map((part) => boundedPart(part, room));
    messages.push({
      ...draft,
      role: cut(draft.role, BOUNDS.nameChars),
      stop: draft.stop === null ? null : cut(draft.stop, BOUNDS.nameChars),
      parts,
    });
  }
  return { messages: messages.toReversed(), leftOut };
}

function boundedPart(part: Part, room: { chars: number }): Part {
  const short = (text: string) => cut(text, BOUNDS.nameChars);
  const long = (text: string) => {
    const kept = text.slice(0, Math.min(BOUNDS.textChars, room.chars));
    room.chars -= kept.length;
    return kept.length === text.length ? text : words.moreCharacters(kept, text.length - kept.length);
  };
  switch (part.is) {
    case 'text':
    case 'thinking':
    case 'refusal':
      return { ...part, text: long(part.text) };
    case 'call':
      return { ...part, id: short(part.id), name: short(part.name), input: long(part.input) };
    case 'result':
      return { ...part, id: short(part.id), text: long(part.text) };
    case 'other':
      return { ...part, kind: short(part.kind), text: long(part.text) };
    case 'media':
      return { ...part, kind: short(part.kind), about: short(part.about) };
    case 'size':
      return part;
  }
}

function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}…`;
}
