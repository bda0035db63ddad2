import { useReducer, useRef } from 'react';
import { type Asked, bearer, type Dialect, type JsonObject } from '../../api/dialects/dialect.ts';
import { callMedia, type MediaCall, type MediaResult, mediaRequestOf } from '../../api/media/call-media.ts';
import {
  callPlayground,
  type PlaygroundCall,
  type PlaygroundEnd,
  type PlaygroundHead,
  type WireRequest,
  wireRequestOf,
} from '../../api/playground.ts';

/** A question and the answer to it. */
export interface Turn {
  readonly id: number;
  readonly question: string;
  readonly model: string;
  /** The dialect of a conversation, or the kind of another call. */
  readonly dialect: Pick<Dialect, 'name' | 'secretHeader'>;
  readonly sent: WireRequest;
  readonly answer: string;
  /** The beginning of the answer as it came, and the number of its characters. */
  readonly received: string;
  readonly receivedChars: number;
  readonly head: PlaygroundHead | null;
  readonly firstTextMs: number | null;
  readonly totalMs: number | null;
  /** Null while the call is in progress. */
  readonly end: PlaygroundEnd | null;
  /** The call, if it is no conversation, and the answer to it. */
  readonly media: { readonly call: MediaCall; readonly result: MediaResult | null } | null;
}

/** The settings of a call, without its messages. */
export interface CallSettings {
  readonly keyId: string;
  readonly dialect: Dialect;
  readonly model: string;
  readonly system: string;
  readonly stream: boolean;
  readonly maxTokens: number | '';
  /** Text while it is typed: `0.`. */
  readonly temperature: number | string;
  /** Further fields of the body: an object in JSON, or nothing. Text while it is typed. */
  readonly more: string;
  readonly tags: readonly string[];
}

/** The most characters of an answer that the page keeps as they came. */
const RECEIVED_CHARS_MAX = 200_000;

type Change =
  | { readonly is: 'asked'; readonly turn: Turn }
  | { readonly is: 'changed'; readonly id: number; readonly part: (turn: Turn) => Partial<Turn> }
  | { readonly is: 'removed'; readonly id: number }
  | { readonly is: 'cleared' };

function changed(turns: readonly Turn[], change: Change): readonly Turn[] {
  switch (change.is) {
    case 'asked':
      return [...turns, change.turn];
    case 'changed':
      return turns.map((turn) => (turn.id === change.id ? { ...turn, ...change.part(turn) } : turn));
    case 'removed':
      return turns.filter(({ id }) => id !== change.id);
    case 'cleared':
      return [];
  }
}

/**
 * Holds the conversation on the page. The page makes one call at a time; `stop` closes its connection, which the gateway treats
 * as a hang-up.
 */
export function useConversation() {
  const [turns, dispatch] = useReducer(changed, []);
  const calling = useRef<AbortController | null>(null);
  const lastId = useRef(0);

  function begin() {
    const controller = new AbortController();
    calling.current = controller;
    lastId.current += 1;
    const id = lastId.current;
    const started = performance.now();
    const sinceStartMs = () => Math.round(performance.now() - started);
    const change = (part: (turn: Turn) => Partial<Turn>) => dispatch({ is: 'changed', id, part });
    return { id, controller, sinceStartMs, change };
  }

  async function ask(question: string, settings: CallSettings, before: readonly Turn[] = turns): Promise<void> {
    const { id, controller, sinceStartMs, change } = begin();
    const call = callOf(question, settings, before);
    const { model, dialect } = settings;
    dispatch({ is: 'asked', turn: { id, question, model, dialect, sent: wireRequestOf(call), ...UNANSWERED } });
    const end = await callPlayground(call, {
      signal: controller.signal,
      onHead: (head) => change(() => ({ head })),
      onReceived: (part) => change((turn) => withReceived(turn, part)),
      onText: (text) => change((turn) => ({ answer: turn.answer + text, firstTextMs: turn.firstTextMs ?? sinceStartMs() })),
    });
    calling.current = null;
    change(() => ({ end, totalMs: sinceStartMs() }));
  }

  /** Makes a call that is no conversation. `question` names its turn. */
  async function run(question: string, call: MediaCall): Promise<void> {
    const { id, controller, sinceStartMs, change } = begin();
    const { model, kind } = call;
    const dialect = { name: kind.name, secretHeader: bearer };
    const sent = mediaRequestOf(call);
    dispatch({ is: 'asked', turn: { id, question, model, dialect, sent, ...UNANSWERED, media: { call, result: null } } });
    const { end, head, result, received } = await callMedia(call, controller.signal);
    calling.current = null;
    change(() => ({
      ...{ end, head, totalMs: sinceStartMs(), media: { call, result } },
      ...withReceived({ received: '', receivedChars: 0 }, received),
    }));
  }

  return {
    turns,
    ask,
    run,
    /** Asks the same question again, in place of its turn. */
    askAgain(turn: Turn, settings: CallSettings): Promise<void> {
      dispatch({ is: 'removed', id: turn.id });
      if (turn.media !== null) return run(turn.question, turn.media.call);
      return ask(
        turn.question,
        settings,
        turns.filter(({ id }) => id !== turn.id),
      );
    },
    stop: () => calling.current?.abort(),
    clear: () => dispatch({ is: 'cleared' }),
  };
}

const UNANSWERED = {
  answer: '',
  received: '',
  receivedChars: 0,
  head: null,
  firstTextMs: null,
  totalMs: null,
  end: null,
  media: null,
} as const;

function withReceived({ received, receivedChars }: Pick<Turn, 'received' | 'receivedChars'>, part: string): Partial<Turn> {
  const room = RECEIVED_CHARS_MAX - received.length;
  return { received: received + part.slice(0, room), receivedChars: receivedChars + part.length };
}

function callOf(question: string, settings: CallSettings, before: readonly Turn[]): PlaygroundCall {
  const { keyId, dialect, model, system, stream, maxTokens, temperature, more, tags } = settings;
  return {
    keyId,
    dialect,
    asked: {
      model: model.trim(),
      system: system.trim() === '' ? '' : system,
      messages: messagesOf(question, before),
      stream,
      maxTokens: maxTokens === '' ? null : maxTokens,
      temperature: temperature === '' ? null : Number(temperature),
    },
    more: moreOf(more) ?? {},
    tags,
  };
}

/** Returns the further fields of the body that a text in JSON holds; null if it is no object. */
export function moreOf(text: string): JsonObject | null {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null;
  }
}

/** Returns the messages to send. Failed turns are left out; a stopped one counts with the text that arrived. */
function messagesOf(question: string, before: readonly Turn[]): Asked['messages'] {
  const said = before.filter((turn) => turn.answer !== '' && turn.end?.is !== 'failed');
  return [
    ...said.flatMap((turn) => [
      { from: 'user' as const, text: turn.question },
      { from: 'model' as const, text: turn.answer },
    ]),
    { from: 'user', text: question },
  ];
}
