import type { BodyProblem, JsonObject } from '../dialect.ts';
import { arrayOr, isObject, objectOr } from '../json.ts';

/**
 * Returns the first reference of a request to something that the provider stores, such as an earlier response; null if there is
 * none. Tenants share a provider's account, so an id that is resolved there could be another tenant's. This is the only place
 * that decides it.
 */
export function foreignIdIn(body: JsonObject): BodyProblem | null {
  for (const [name, instead] of STATE_FIELDS) if (isGiven(body[name])) return refused(name, instead);
  if (isGiven(objectOr(body.prompt).id)) return refused('prompt.id', 'send the text of the prompt');
  if (isGiven(body.background) && body.background !== false)
    return { message: 'background must be false: no responses are stored here', param: 'background' };
  return inItems(arrayOr(body.input)) ?? inTools(arrayOr(body.tools), 'tools');
}

const STATE_FIELDS = [
  ['previous_response_id', 'send the whole conversation as input'],
  ['conversation', 'send the whole conversation as input'],
] as const;

/** Fields that name something stored at the provider. */
const STORED: ReadonlySet<string> = new Set([
  ...['file_id', 'file_ids', 'vector_store_ids', 'connector_id', 'container_id', 'container', 'skill_id', 'prompt_id'],
]);
/** Fields whose values the caller or its tools wrote. Names inside them mean nothing to the provider. */
const CALLERS_OWN: ReadonlySet<string> = new Set([
  ...['parameters', 'input_schema', 'output_schema', 'arguments', 'annotations', 'env', 'headers', 'format', 'metadata'],
]);

function inItems(items: readonly unknown[]): BodyProblem | null {
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at];
    if (!isObject(item)) continue;
    const where = `input[${at}]`;
    // An item with an id and nothing else is a reference too: its type may be left out.
    const isReference = item.type === 'item_reference' || (!isGiven(item.type) && !isGiven(item.role));
    if (isReference && isGiven(item.id)) return refused(`${where}.id`, 'send the item itself');
    if (item.type === 'image_generation_call' && !isGiven(item.result)) return refused(`${where}.id`, 'send the image itself');
    const found = inFields(item, where);
    if (found !== null) return found;
  }
  return null;
}

function inTools(tools: readonly unknown[], where: string): BodyProblem | null {
  for (let at = 0; at < tools.length; at += 1) {
    const found = isObject(tools[at]) ? inFields(tools[at] as JsonObject, `${where}[${at}]`) : null;
    if (found !== null) return found;
  }
  return null;
}

function inFields(holder: JsonObject, where: string): BodyProblem | null {
  for (const name in holder) {
    const value = holder[name];
    if (STORED.has(name) && names(value)) return refused(`${where}.${name}`, 'send the content itself');
    if (typeof value !== 'object' || value === null || CALLERS_OWN.has(name)) continue;
    const found = Array.isArray(value) ? inTools(value, `${where}.${name}`) : inFields(value as JsonObject, `${where}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

/** Reports whether a value is an id or a list of them. An object under such a name is searched instead. */
function names(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || (Array.isArray(value) && value.some((id) => typeof id === 'string'));
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function refused(param: string, instead: string): BodyProblem {
  return { message: `${param} names something that is stored at a provider, which is not supported: ${instead}`, param };
}
