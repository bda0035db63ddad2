export interface Message {
  readonly from: 'request' | 'answer';
  /** `system`, `user`, `assistant`, `tool`, or another word that a client used. */
  readonly role: string;
  readonly parts: readonly Part[];
  /** The reason why the answer ended, in the provider's word: `stop`, `length`, `tool_use`. */
  readonly stop: string | null;
}

export type Part =
  | { readonly is: 'text' | 'thinking' | 'refusal'; readonly text: string }
  | { readonly is: 'call'; readonly id: string; readonly name: string; readonly input: string }
  | { readonly is: 'result'; readonly id: string; readonly text: string; readonly isError: boolean }
  /** An image, audio or file. Only its kind and size are kept. */
  | { readonly is: 'media'; readonly kind: string; readonly about: string }
  | { readonly is: 'other'; readonly kind: string; readonly text: string }
  /** The text was not stored, only its size. */
  | { readonly is: 'size'; readonly bytes: number };
