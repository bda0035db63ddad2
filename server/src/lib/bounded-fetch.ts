/** A small form of `fetch` that protocols of sign-in use: it is guarded and bounded by whoever makes it. */

export interface BoundedRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal?: AbortSignal | undefined;
}

/** Sends one request. Follows no redirect. Rejects only with NotAnswered. */
export type BoundedFetch = (url: string, request: BoundedRequest) => Promise<Response>;

/** No answer, or one beyond the bounds. The message completes a sentence that begins with the server: "did not answer in time". */
export class NotAnswered extends Error {
  constructor(words: string) {
    super(words);
    this.name = 'NotAnswered';
  }
}
