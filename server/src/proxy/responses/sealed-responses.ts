/** Stored responses as rows: what they hold is sealed under their organization's content key. */
import { placeOf, RESPONSE_DAYS } from '../../domain/tenancy/stored-responses.ts';
import type { Caller, OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import type { NewStoredResponse, ResponseLink, SealedResponse } from '../../store/responses/stored-responses.ts';

/** A response as the endpoint hands it over. */
export interface ResponseToKeep {
  /** An id of ours: `newId('resp')`. */
  readonly id: string;
  /** The response that the request continued; null for none. */
  readonly previousId: string | null;
  /** The called name. */
  readonly model: string;
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';
  /** The items that this request added. Without those of the history. */
  readonly input: readonly unknown[];
  /** The whole response as the client got it, with its `output`. */
  readonly response: { readonly output?: unknown };
}

/** One stored response, opened. */
export interface FoundResponse {
  readonly id: string;
  readonly input: readonly unknown[];
  readonly response: Readonly<Record<string, unknown>>;
}

/** Seals a text under the organization's content key, for a name; null if the key was destroyed. */
export type Seal = (organization: OrganizationConfig, name: string, text: string) => Buffer | null;
export type Open = (organization: OrganizationConfig, name: string, sealed: Uint8Array) => Buffer | null;

const DAY_MS = 86_400_000;
const MODEL_CHARS_MAX = 200;

/** Returns the row of a response that was asked for at `atMs`; null if the content key was destroyed. */
export function sealedRow(seal: Seal, caller: Caller, response: ResponseToKeep, atMs: number): NewStoredResponse | null {
  const { organization } = caller;
  const sealedInput = seal(organization, nameOf(response.id, 'input'), JSON.stringify(response.input));
  const sealedOutput = seal(organization, nameOf(response.id, 'output'), JSON.stringify(response.response));
  if (sealedInput === null || sealedOutput === null) return null;
  return {
    ...placeOf(caller),
    id: response.id,
    createdAt: new Date(atMs),
    expiresAt: expiryOf(atMs),
    status: response.status,
    runningUntil: null,
    model: response.model.slice(0, MODEL_CHARS_MAX).replaceAll('\u0000', ''),
    previousId: response.previousId,
    sealedInput,
    sealedOutput,
    bytes: sealedInput.length + sealedOutput.length,
  };
}

/** Returns the time at which what is stored now ends. */
export function expiryOf(atMs: number): Date {
  return new Date(atMs + RESPONSE_DAYS * DAY_MS);
}

/** Opens a stored response. One in the background says its status of now. */
export function openedResponse(
  open: Open,
  organization: OrganizationConfig,
  link: ResponseLink & SealedResponse,
  nowMs: number,
): FoundResponse {
  const input = open(organization, nameOf(link.id, 'input'), link.sealedInput);
  const output = open(organization, nameOf(link.id, 'output'), link.sealedOutput);
  if (input === null || output === null) throw new Error('the content key of an organization with stored responses is gone');
  const response = JSON.parse(output.toString()) as FoundResponse['response'];
  return { id: link.id, input: listIn(JSON.parse(input.toString())), response: { ...response, ...statusNow(link, nowMs) } };
}

/** Returns what changed of a response in the background since its row was sealed: nothing, once its end is stored. */
function statusNow({ status, runningUntil }: ResponseLink, nowMs: number): object {
  if (status === 'cancelled') return { status };
  if (status !== 'in_progress') return {};
  if (isRunning({ status, runningUntil }, nowMs)) return { status };
  return { status: 'failed', error: { code: 'server_error', message: PROCESS_GONE } };
}

const PROCESS_GONE = 'The gateway process that made this response stopped before it was complete. Send the request again.';

/** Reports whether a process vouches for a response in progress. */
export function isRunning({ status, runningUntil }: Pick<ResponseLink, 'status' | 'runningUntil'>, nowMs: number): boolean {
  return status === 'in_progress' && runningUntil !== null && runningUntil.getTime() > nowMs;
}

/** Returns the sealed length of a response, which is about the length of its JSON. */
export function bytesOf({ sealedInput, sealedOutput }: SealedResponse): number {
  return sealedInput.length + sealedOutput.length;
}

export function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns the name that a value is sealed for: neither another response's value nor the other value of this one opens in its place. */
function nameOf(id: string, what: 'input' | 'output'): string {
  return `${id}:${what}`;
}
