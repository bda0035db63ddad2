/** A wire format of the data plane, as the playground writes requests in it and reads its answers. */

// biome-ignore lint/suspicious/noExplicitAny: answers of several dialects, of which each reader takes what is there
export type Json = any;
export type JsonObject = Readonly<Record<string, unknown>>;

/** A conversation to send, in the form that all dialects share. */
export interface Asked {
  readonly model: string;
  /** Empty: none. */
  readonly system: string;
  /** In turn a question and its answer, and the new question last. */
  readonly messages: readonly { readonly from: 'user' | 'model'; readonly text: string }[];
  readonly stream: boolean;
  readonly maxTokens: number | null;
  readonly temperature: number | null;
}

/** Says something of an answer: more of its text, that the maximum of tokens cut it off, or that it failed. */
export interface Heard {
  readonly text?: string;
  readonly isCut?: boolean;
  readonly error?: { readonly code: string | null; readonly message: string };
}

export interface Dialect {
  /** The value in the page's address. */
  readonly id: string;
  /** The name that people know. */
  readonly name: string;
  /** The path of the data plane, with its query. */
  readonly path: (asked: Asked) => string;
  readonly body: (asked: Asked) => JsonObject;
  /** The header in which an application sends the key's secret. */
  readonly secretHeader: (secret: string) => readonly [name: string, value: string];
  /** Reads a whole answer, an event of a stream, or an error. */
  readonly read: (said: Json) => Heard;
}

/** The header of OpenAI’s dialects. */
export const bearer = (secret: string) => ['authorization', `Bearer ${secret}`] as const;

/** Returns an object without the fields that are null. */
export function given(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** Returns what was heard of an error with a message; nothing if there is no error. `code`: its name in the dialect. */
export function heardError(error: Json, code: unknown): Heard {
  if (typeof error?.message !== 'string') return {};
  return { error: { code: typeof code === 'string' ? code : null, message: error.message } };
}
