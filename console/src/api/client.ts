import createClient from 'openapi-fetch';
import type { components, paths } from './schema.d.ts';

/** The contract's paths without their common prefix. */
export type Paths = { [Path in keyof paths as Path extends `/api/v1${infer Rest}` ? Rest : Path]: paths[Path] };

/**
 * The generated client. Only exports, event streams and the playground call the server without it. The session is a cookie that
 * scripts cannot read.
 */
export const api = createClient<Paths>({ baseUrl: '/api/v1' });

/** An object of the contract, by its name: `Schema<'Organization'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** An error from the server; status 0 if it cannot be reached. `fields`: error messages by the field's JSON pointer. */
export class Problem extends Error {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(status: number, message: string, rest: Partial<Pick<Problem, 'fields' | 'requestId' | 'retryAfterSeconds'>> = {}) {
    super(message);
    this.status = status;
    this.fields = rest.fields ?? {};
    this.requestId = rest.requestId ?? null;
    this.retryAfterSeconds = rest.retryAfterSeconds ?? null;
  }
}

interface Answered<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** Returns the data of an answer. Throws a Problem if the server refuses the call or cannot be reached. */
export async function asked<T>(call: Promise<Answered<T>>): Promise<T> {
  return (await askedWithETag(call)).data;
}

/** Returns the data of a change that was made. The contract also knows the answer to its dry run. */
export async function stored<T>(call: Promise<Answered<T>>): Promise<Exclude<T, Schema<'Effect'>>> {
  return (await asked(call)) as Exclude<T, Schema<'Effect'>>;
}

/** Returns the data with its ETag, for `If-Match`. Throws like `asked`. */
export async function askedWithETag<T>(call: Promise<Answered<T>>): Promise<{ readonly data: T; readonly etag: string | null }> {
  let answered: Answered<T>;
  try {
    answered = await call;
  } catch {
    throw new Problem(0, 'The gateway cannot be reached. Check your connection and try again. What you typed is still here.');
  }
  const { response, data, error } = answered;
  if (!response.ok) throw problemOf(response, error);
  return { data: data as T, etag: response.headers.get('etag') };
}

interface ProblemBody {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer?: string; readonly message?: string; readonly detail?: string }[];
}

function problemOf(response: Response, body: unknown): Problem {
  const said = (typeof body === 'object' && body !== null ? body : {}) as ProblemBody;
  const fields = Object.fromEntries((said.errors ?? []).map((one) => [one.pointer ?? '', one.message ?? one.detail ?? '']));
  const retryAfter = response.headers.get('retry-after');
  return new Problem(
    response.status,
    said.detail ?? said.title ?? `The gateway answered with status ${response.status}. Try again.`,
    {
      fields,
      requestId: response.headers.get('x-request-id'),
      retryAfterSeconds: retryAfter === null ? null : Number(retryAfter),
    },
  );
}

/** Returns the header that names the version on which a change is based. If it has changed since, the server answers 412. */
export function ifMatch(etag: string | null) {
  return etag === null ? {} : { 'if-match': etag };
}
