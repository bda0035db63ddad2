import { STATUS_CODES } from 'node:http';
import type { z } from 'zod';

/**
 * One fault of a request. `pointer` is a JSON pointer into the body (`/rate_limits/rpm`), `?name` for a query parameter, or the name of
 * a header.
 */
export interface Fault {
  readonly pointer: string;
  readonly message: string;
}

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 415 | 429 | 431 | 500 | 502 | 503;

const FAULTS_MAX = 50;
const TEXT_LENGTH_MAX = 500;

/** An error answer, sent as `application/problem+json`. Admin code throws it anywhere; one place renders it. */
export class Problem extends Error {
  readonly status: ProblemStatus;
  readonly faults: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ProblemStatus,
    detail: string,
    more: { readonly faults?: readonly Fault[]; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(bounded(detail));
    this.name = 'Problem';
    this.status = status;
    this.faults = (more.faults ?? []).slice(0, FAULTS_MAX).map(boundedFault);
    this.headers = more.headers ?? {};
  }
}

/** Returns a 400 for one field. */
export function invalid(pointer: string, message: string): Problem {
  return invalidFields([{ pointer, message }]);
}

/** Returns a 400 for several fields. The first fault is also the detail. */
export function invalidFields(faults: readonly Fault[]): Problem {
  const [first] = faults;
  const detail =
    first === undefined
      ? 'The request is not valid.'
      : first.pointer === ''
        ? first.message
        : `${first.pointer}: ${first.message}`;
  return new Problem(400, detail, { faults });
}

/** Returns a 404: the object does not exist or is another tenant's. The answer never tells which. */
export function notFound(what: string): Problem {
  return new Problem(404, `There is no such ${what}, or you may not see it.`);
}

/** Returns a 403: the caller may know that the object exists, but may not do this to it. */
export function forbidden(detail: string): Problem {
  return new Problem(403, detail);
}

/** Returns a 409: the request conflicts with the present state. */
export function conflict(detail: string, faults: readonly Fault[] = []): Problem {
  return new Problem(409, detail, { faults });
}

/** Returns the body of a problem answer. */
export function renderProblem(problem: Problem, requestId: string): Record<string, unknown> {
  return {
    type: 'about:blank',
    title: STATUS_CODES[problem.status],
    status: problem.status,
    detail: problem.message,
    errors: problem.faults,
    request_id: requestId,
  };
}

/**
 * Converts zod's issues to faults, at most 50. `prefix` is empty for the body and `?` for the query. Never repeats a value of the
 * request.
 */
export function faultsOf(error: z.core.$ZodError, prefix: '' | '?' = ''): readonly Fault[] {
  return error.issues.flatMap((issue) => faultsOfIssue(issue, [], prefix)).slice(0, FAULTS_MAX);
}

type Path = readonly PropertyKey[];

function faultsOfIssue(issue: z.core.$ZodIssue, parents: Path, prefix: '' | '?'): readonly Fault[] {
  const path = [...parents, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: pointerOf([...path, key], prefix), message: 'unknown field' }));
  }
  if (issue.code === 'invalid_union') {
    const branch = nearestBranch(issue.errors);
    if (branch.length > 0) return branch.flatMap((inner) => faultsOfIssue(inner, path, prefix));
  }
  return [{ pointer: pointerOf(path, prefix), message: isMissing(issue) ? missing(path) : issue.message }];
}

/** Reports whether an issue is about an absent value, which the library reports as a wrong type. */
function isMissing(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
}

function missing(path: Path): string {
  return path.length === 0 ? 'a JSON body is required' : 'is required';
}

/** Returns the issues of the union branch with the fewest, which the caller most likely meant. */
function nearestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  return branches.reduce<readonly z.core.$ZodIssue[]>(
    (best, branch) => (best.length === 0 || branch.length < best.length ? branch : best),
    [],
  );
}

/** Returns the pointer to a path. RFC 6901: `~` and `/` inside a name are escaped. */
function pointerOf(path: Path, prefix: '' | '?'): string {
  if (prefix === '?') return `?${path.map(String).join('.')}`;
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function boundedFault(fault: Fault): Fault {
  return { pointer: bounded(fault.pointer), message: bounded(fault.message) };
}

function bounded(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}…`;
}
