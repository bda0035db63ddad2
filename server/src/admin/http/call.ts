import type { z } from 'zod';
import type { Visitor } from '../../identity/exchange.ts';
import type { Actor } from './actor.ts';
import type { AdminDeps } from './deps.ts';
import { FORM_TYPE } from './form-type.ts';
import { faultsOf, invalid, invalidFields, notFound } from './problem.ts';

/** A request as received, before any of it is validated. */
export interface RawCall {
  readonly requestId: string;
  readonly method: string;
  /** The matched path with its placeholders, `/api/v1/organizations/:id`. */
  readonly route: string;
  readonly ip: string;
  /** The caller's browser, for the identity module. */
  readonly visitor: Visitor;
  /**
   * The origin that the request was sent to, `https://gateway.example`. Links in an answer begin with it if no public URL is set.
   */
  readonly ownOrigin: string;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** The caller's reason for the change (`x-headgate-reason`), for the audit log. */
  readonly reason: string | null;
  readonly ifMatch: string | null;
  /** True if the reference says that the route compares `If-Match`. */
  readonly takesIfMatch: boolean;
  readonly idempotencyKey: string | null;
}

interface Schemas {
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  /** True if the body is a form. Absent: JSON. */
  readonly takesForm?: boolean;
}

/** One admin request and its caller. Its parts are validated when first read, and an invalid one throws a Problem. */
export class AdminCall<P = unknown, Q = unknown, B = unknown> {
  readonly deps: AdminDeps;
  readonly actor: Actor;
  readonly raw: RawCall;
  /** `Set-Cookie` values of the answer. */
  cookies: readonly string[] = [];
  readonly #schemas: Schemas;
  #params: { readonly value: P } | null = null;
  #query: { readonly value: Q } | null = null;
  #body: { readonly value: B } | null = null;

  constructor(deps: AdminDeps, actor: Actor, raw: RawCall, schemas: Schemas) {
    this.deps = deps;
    this.actor = actor;
    this.raw = raw;
    this.#schemas = schemas;
  }

  /** Path parameters. A malformed one names nothing, so it is 404. */
  get params(): P {
    this.#params ??= { value: parseParams(this.#schemas.params, this.raw.params) as P };
    return this.#params.value;
  }

  get query(): Q {
    this.#query ??= { value: parseQuery(this.#schemas.query, this.raw.query) as Q };
    return this.#query.value;
  }

  get body(): B {
    if (this.raw.body === undefined && this.#schemas.takesForm === true)
      throw invalid('', `a form is required as the body, with \`content-type: ${FORM_TYPE}\``);
    this.#body ??= { value: parse(this.#schemas.body, this.raw.body, '') as B };
    return this.#body.value;
  }

  get requestId(): string {
    return this.raw.requestId;
  }
}

/**
 * Parses the query. Refuses NUL, which no parameter needs and the database rejects: an export would fail only after it answered
 * 200.
 */
function parseQuery(schema: z.ZodType | undefined, value: unknown): unknown {
  const faults = Object.entries(value ?? {}).flatMap(([name, given]) => {
    const texts = [name, ...[given].flat()];
    return texts.some((text) => String(text).includes('\0'))
      ? [{ pointer: `?${name.replaceAll('\0', '')}`, message: 'must not contain NUL characters' }]
      : [];
  });
  if (faults.length > 0) throw invalidFields(faults);
  return parse(schema, value, '?');
}

function parse(schema: z.ZodType | undefined, value: unknown, prefix: '' | '?'): unknown {
  if (schema === undefined) return refuseAnything(value, prefix);
  const parsed = schema.safeParse(value);
  if (!parsed.success && value === undefined) throw invalid('', 'a JSON body is required');
  if (!parsed.success) throw invalidFields(faultsOf(parsed.error, prefix));
  return parsed.data;
}

/** Throws 400 for fields or parameters where none are accepted. A filter that is silently ignored is worse than an error. */
function refuseAnything(value: unknown, prefix: '' | '?'): undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const names = Object.keys(value);
  if (names.length === 0) return undefined;
  const unknown = prefix === '?' ? 'unknown parameter' : 'unknown field';
  throw invalidFields(names.map((name) => ({ pointer: `${prefix === '?' ? '?' : '/'}${name}`, message: unknown })));
}

function parseParams(schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw notFound('object');
  return parsed.data;
}
