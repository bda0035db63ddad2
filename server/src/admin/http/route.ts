import type { z } from 'zod';
import type { Permissions, Place } from './authorize.ts';
import type { AdminCall } from './call.ts';

/** The object that a route acts on, and its place in the tenancy tree, which decides who may act. */
export interface Loaded<O> {
  readonly place: Place;
  readonly object: O;
}

/**
 * The requirement for a caller: a permission at the object's place, a session for one's own data, or none for callers who are
 * about to sign in.
 */
export type RoutePermission = Permissions | 'signed_in' | 'public';

/**
 * The form of an answer. `json`: the response schema. `text`: a TextAnswer, `events`: a Feed, `passed_on`: a PassOn, `redirect`: a
 * Redirect; their schemas serve only the reference.
 */
export type AnswerForm = 'json' | 'text' | 'events' | 'passed_on' | 'redirect';

/** The definition of one admin route. A route without a permission and a loader cannot be made. */
export interface RouteDefinition<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType, O> {
  /** One line for the reference page. */
  readonly summary: string;
  /** One or more sentences for the reference page. */
  readonly description: string;
  readonly permission: RoutePermission;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** 200 unless said otherwise. 204 has no body. */
  readonly status?: 200 | 201 | 204 | 303;
  readonly response: R;
  /** The schema of the answer to a dry run, which throws Rehearsed. */
  readonly rehearsal?: z.ZodType;
  /** The form of the answer; `json` if absent. */
  readonly form?: AnswerForm;
  /** The content type of an answer that is passed on, if it is another than the playground's. Serves only the reference. */
  readonly contentType?: string;
  /** Set if the route calls a provider, which is an audit event. */
  readonly callsProvider?: true;
  /** Set if the route takes a file as its body, with the larger bounds of http.ts. */
  readonly takesFile?: true;
  /**
   * Set if other sites post forms to the route: their browsers, or their servers. Its caller is nobody, whatever cookies arrive, and
   * its body is an object of texts.
   */
  readonly takesForm?: true;
  /** Set if the route compares `If-Match` with the stored version (requireVersion). */
  readonly takesIfMatch?: true;
  /**
   * Says whether an audit event keeps `x-headgate-reason`. Absent: of a signed-in caller's change, an export and a call of a
   * provider.
   */
  readonly takesReason?: boolean;
  /** Set if the route answers from memory: while the database is away, callers who were checked shortly before may use it. */
  readonly needsNoDatabase?: true;
  /**
   * Finds the object that the route acts on, or throws `notFound`. Runs before the permission check. A loader may read
   * `call.body`, which validates it at that point. With other loaders, a forbidden caller learns nothing about the body.
   */
  readonly load: (call: AdminCall<z.output<P>, z.output<Q>, z.output<B>>) => Promise<Loaded<O>>;
  readonly handle: (call: AdminCall<z.output<P>, z.output<Q>, z.output<B>>, object: O) => Promise<z.output<R>>;
}

/** A route with its types erased, as the registry keeps it. */
export interface AdminRoute {
  readonly summary: string;
  readonly description: string;
  readonly permission: RoutePermission;
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  readonly status: 200 | 201 | 204 | 303;
  readonly response: z.ZodType;
  readonly rehearsal: z.ZodType | undefined;
  readonly form: AnswerForm;
  readonly contentType: string | undefined;
  readonly callsProvider: boolean;
  readonly takesFile: boolean;
  readonly takesForm: boolean;
  readonly takesIfMatch: boolean;
  readonly takesReason: boolean | undefined;
  readonly needsNoDatabase: boolean;
  readonly load: (call: AdminCall) => Promise<Loaded<unknown>>;
  readonly handle: (call: AdminCall, object: unknown) => Promise<unknown>;
}

/** `'PATCH /organizations/:id': organizations.update`: method and path below /api/v1. */
export type RouteTable = Readonly<Record<`${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`, AdminRoute>>;

/** Creates a route. Types flow from the schemas into `load` and `handle`. Throws if the permission or the loader is missing. */
export function route<
  R extends z.ZodType,
  O,
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(definition: RouteDefinition<P, Q, B, R, O>): AdminRoute {
  // The compiler checks this too, but a route table that is built at runtime must not start either.
  if (!definition.permission) throw new Error(`admin route "${definition.summary}" declares no permission`);
  if (typeof definition.load !== 'function') throw new Error(`admin route "${definition.summary}" declares no loader`);
  return Object.freeze({
    summary: definition.summary,
    description: definition.description,
    permission: definition.permission,
    params: definition.params,
    query: definition.query,
    body: definition.body,
    status: definition.status ?? (definition.form === 'redirect' ? 303 : 200),
    response: definition.response,
    rehearsal: definition.rehearsal,
    form: definition.form ?? 'json',
    contentType: definition.contentType,
    callsProvider: definition.callsProvider ?? false,
    takesFile: definition.takesFile ?? false,
    takesForm: definition.takesForm ?? false,
    takesIfMatch: definition.takesIfMatch ?? false,
    takesReason: definition.takesReason,
    needsNoDatabase: definition.needsNoDatabase ?? false,
    // Sound: the walk passes `handle` exactly what `load` returned, and a call built from these schemas.
    load: definition.load as AdminRoute['load'],
    handle: definition.handle as AdminRoute['handle'],
  });
}

/** Reports whether an audit event of the route keeps the caller's reason. */
export function takesReason(method: string, { permission, form, callsProvider, takesReason }: AdminRoute): boolean {
  return takesReason ?? ((method !== 'GET' && permission !== 'public') || form === 'text' || callsProvider);
}

/**
 * Reports whether `Idempotency-Key` makes a retry of the route safe. Answers about the caller's own session are not stored: they
 * hold cookies, or have no known caller.
 */
export function takesIdempotencyKey(method: string, { permission, form }: AdminRoute): boolean {
  return method === 'POST' && permission !== 'public' && permission !== 'signed_in' && form === 'json';
}
