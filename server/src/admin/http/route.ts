import type { z } from 'zod';
import type { Permissions, Place } from './authorize.ts';
import type { AdminCall } from './call.ts';

/** What a route acts on: where it lies in the tenancy tree, which decides who may, and the thing itself. */
export interface Loaded<O> {
  readonly place: Place;
  readonly object: O;
}

/** What a caller needs: a permission where the object lies; to be signed in, for what is one's own; or nothing, for those who are about to. */
export type RoutePermission = Permissions | 'signed_in' | 'public';

/**
 * `json`: what the response schema says. `text`: a TextAnswer, `events`: a Feed, `passed_on`: a PassOn; their schemas are for the reference
 * alone.
 */
export type AnswerForm = 'json' | 'text' | 'events' | 'passed_on';

/** What one admin route is made of. Without a permission and a loader there is no route. */
export interface RouteDefinition<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType, O> {
  /** One line for the reference page. */
  readonly summary: string;
  readonly description?: string;
  readonly permission: RoutePermission;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** 200 unless said otherwise. 204 has no body. */
  readonly status?: 200 | 201 | 204;
  readonly response: R;
  /** What is answered instead when its query asks for a dry run, which throws Rehearsed. */
  readonly rehearsal?: z.ZodType;
  /** How the answer comes; as one JSON value unless said. */
  readonly form?: AnswerForm;
  /** It calls a provider, which is an audit event. */
  readonly callsProvider?: true;
  /**
   * Finds what the route acts on, or throws `notFound`. Runs before the caller's permission is checked. It may read `call.body`, which
   * then is validated first; a loader that does not lets a forbidden caller be refused without a word about their body.
   */
  readonly load: (call: AdminCall<z.output<P>, z.output<Q>, z.output<B>>) => Promise<Loaded<O>>;
  readonly handle: (call: AdminCall<z.output<P>, z.output<Q>, z.output<B>>, object: O) => Promise<z.output<R>>;
}

/** A route with its types erased, as the registry keeps it. */
export interface AdminRoute {
  readonly summary: string;
  readonly description: string | undefined;
  readonly permission: RoutePermission;
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  readonly status: 200 | 201 | 204;
  readonly response: z.ZodType;
  readonly rehearsal: z.ZodType | undefined;
  readonly form: AnswerForm;
  readonly callsProvider: boolean;
  readonly load: (call: AdminCall) => Promise<Loaded<unknown>>;
  readonly handle: (call: AdminCall, object: unknown) => Promise<unknown>;
}

/** `'PATCH /organizations/:id': organizations.update`: method and path below /api/v1. */
export type RouteTable = Readonly<Record<`${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`, AdminRoute>>;

/** Describes a route. Types flow from the schemas into `load` and `handle`. Throws when permission or loader is missing. */
export function route<
  R extends z.ZodType,
  O,
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(definition: RouteDefinition<P, Q, B, R, O>): AdminRoute {
  // The compiler says so too; a route table put together in another way must not start either.
  if (!definition.permission) throw new Error(`admin route "${definition.summary}" declares no permission`);
  if (typeof definition.load !== 'function') throw new Error(`admin route "${definition.summary}" declares no loader`);
  return Object.freeze({
    summary: definition.summary,
    description: definition.description,
    permission: definition.permission,
    params: definition.params,
    query: definition.query,
    body: definition.body,
    status: definition.status ?? 200,
    response: definition.response,
    rehearsal: definition.rehearsal,
    form: definition.form ?? 'json',
    callsProvider: definition.callsProvider ?? false,
    // Sound: the walk hands `handle` exactly what `load` returned, and a call built from these very schemas.
    load: definition.load as AdminRoute['load'],
    handle: definition.handle as AdminRoute['handle'],
  });
}
