/** The refusals of requests that name a stored response, in OpenAI's words. */
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { ChainBounds } from '../../store/responses/stored-responses.ts';
import { invalidRequest, Refusal } from '../refusal.ts';

/** Reports whether a caller's organization stores no responses: then none is looked up. */
export function storesNone({ organization }: Caller): boolean {
  return (organization.responses ?? null) === null;
}

/** Returns the refusal as OpenAI words it. The same for an id that is unknown, of others, or a provider's. */
export function previousNotFound(caller: Caller, id: string): Refusal {
  return new Refusal('previous_response_not_found', `Previous response with id '${shown(id)}' not found.${whyNone(caller)}`, {
    param: 'previous_response_id',
  });
}

/** Returns the refusal of a request that continues a response without an answer. */
export function notEnded(id: string, status: string): Refusal {
  return invalidRequest(
    `Previous response with id '${shown(id)}' cannot be continued, because its status is ${status}.`,
    'previous_response_id',
  );
}

/** Returns the refusal of a conversation. The same for an id that is unknown, of others, or a provider's. */
export function conversationNotFound(caller: Caller, id: string, param: string | null): Refusal {
  return new Refusal('not_found', `Conversation with id '${shown(id)}' not found.${whyNone(caller)}`, { param });
}

/** Returns the refusal of an item of a conversation that there is not. */
export function itemNotFound(id: string): Refusal {
  return new Refusal('not_found', `Item with id '${shown(id)}' not found in this conversation.`);
}

/** Returns the refusal of a path that names a response. The same for an id that is unknown, of others, or a provider's. */
export function responseNotFound(caller: Caller, id: string): Refusal {
  return new Refusal('not_found', `Response with id '${shown(id)}' not found.${whyNone(caller)}`);
}

/** Says why no response is found at all, if that is so. */
function whyNone(caller: Caller): string {
  return storesNone(caller)
    ? ' This organization does not store responses (responses_storage is off). Send the whole conversation in `input`.'
    : '';
}

/** Returns the refusal of a chain beyond the bounds. */
export function tooLong({ linksMax, bytesMax }: ChainBounds): Refusal {
  return invalidRequest(
    `The chain of previous responses has more than ${linksMax} responses or ${bytesMax} bytes. Send the part of the conversation that matters in \`input\`, without previous_response_id.`,
    'previous_response_id',
  );
}

/** Returns an id of a caller as an error may repeat it. */
function shown(id: string): string {
  return id.length <= ID_CHARS_SHOWN ? id : `${id.slice(0, ID_CHARS_SHOWN)}…`;
}

const ID_CHARS_SHOWN = 100;
