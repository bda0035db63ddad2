import { useReducer, useRef } from 'react';
import {
  callPlayground,
  type PlaygroundCall,
  type PlaygroundEnd,
  type PlaygroundHead,
  type PlaygroundMessage,
} from '../../api/playground.ts';

/** A question and the answer to it. */
export interface Turn {
  readonly id: number;
  readonly question: string;
  readonly model: string;
  readonly answer: string;
  readonly head: PlaygroundHead | null;
  readonly firstTextMs: number | null;
  readonly totalMs: number | null;
  /** Null while the call is in progress. */
  readonly end: PlaygroundEnd | null;
}

/** The settings of a call, without its messages. */
export interface CallSettings {
  readonly keyId: string;
  readonly model: string;
  readonly system: string;
  readonly stream: boolean;
  readonly maxTokens: number | '';
  /** Text while it is typed: `0.`. */
  readonly temperature: number | string;
  readonly tags: readonly string[];
}

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

  async function ask(question: string, settings: CallSettings, before: readonly Turn[] = turns): Promise<void> {
    const controller = new AbortController();
    calling.current = controller;
    lastId.current += 1;
    const id = lastId.current;
    const started = performance.now();
    const sinceStartMs = () => Math.round(performance.now() - started);
    const change = (part: (turn: Turn) => Partial<Turn>) => dispatch({ is: 'changed', id, part });
    dispatch({ is: 'asked', turn: { id, question, model: settings.model, ...UNANSWERED } });
    const end = await callPlayground(callOf(question, settings, before), {
      signal: controller.signal,
      onHead: (head) => change(() => ({ head })),
      onText: (text) => change((turn) => ({ answer: turn.answer + text, firstTextMs: turn.firstTextMs ?? sinceStartMs() })),
    });
    calling.current = null;
    change(() => ({ end, totalMs: sinceStartMs() }));
  }

  return {
    turns,
    ask,
    /** Asks the same question again, in place of its turn. */
    askAgain(turn: Turn, settings: CallSettings): Promise<void> {
      dispatch({ is: 'removed', id: turn.id });
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

const UNANSWERED = { answer: '', head: null, firstTextMs: null, totalMs: null, end: null } as const;

function callOf(question: string, settings: CallSettings, before: readonly Turn[]): PlaygroundCall {
  const { keyId, model, system, stream, maxTokens, temperature, tags } = settings;
  return {
    key_id: keyId,
    endpoint: 'chat',
    model: model.trim(),
    messages: messagesOf(question, system, before),
    stream,
    ...(maxTokens === '' ? {} : { max_tokens: maxTokens }),
    ...(temperature === '' ? {} : { temperature: Number(temperature) }),
    ...(tags.length === 0 ? {} : { tags }),
  };
}

/** Returns the messages to send. Failed turns are left out; a stopped one counts with the text that arrived. */
function messagesOf(question: string, system: string, before: readonly Turn[]): PlaygroundMessage[] {
  const said = before.filter((turn) => turn.answer !== '' && turn.end?.is !== 'failed');
  return [
    ...(system.trim() === '' ? [] : [{ role: 'system' as const, content: system }]),
    ...said.flatMap((turn) => [
      { role: 'user' as const, content: turn.question },
      { role: 'assistant' as const, content: turn.answer },
    ]),
    { role: 'user', content: question },
  ];
}
