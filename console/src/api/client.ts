import createClient from 'openapi-fetch';
import type { components, paths } from './schema.d.ts';

/** The contract's paths as they are written here: without what all of them begin with. */
type Paths = { [Path in keyof paths as Path extends `/api/v1${infer Rest}` ? Rest : Path]: paths[Path] };

/** The generated client: the only way the console speaks to the server. The session is a cookie that scripts cannot read. */
export const api = createClient<Paths>({ baseUrl: '/api/v1' });

/** One object of the contract by its name: `Schema<'Organization'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** What the server says of a request that it did not carry out. `fields` maps a field's pointer to what is wrong with it. */
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

/** The answer's data, or a Problem: of the server, or of the way to it. */
export async function asked<T>(call: Promise<Answered<T>>): Promise<T> {
  return (await askedWithETag(call)).data;
}

/** The same with the version that was read, for `If-Match`. */
export async function askedWithETag<T>(call: Promise<Answered<T>>): Promise<{ readonly data: T; readonly etag: string | null }> {
  let answered: Answered<T>;
  try {
    answered = await call;
  } catch {
    throw new Problem(0, 'The gateway cannot be reached. Nothing was lost here; try again when the connection is back.');
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
  return new Problem(response.status, said.detail ?? said.title ?? `The gateway answered ${response.status}.`, {
    fields,
    requestId: response.headers.get('x-request-id'),
    retryAfterSeconds: retryAfter === null ? null : Number(retryAfter),
  });
}

/** The header with which a change names the version it began with: another one there by now is 412. */
export function ifMatch(etag: string | null) {
  return etag === null ? {} : { 'if-match': etag };
}
