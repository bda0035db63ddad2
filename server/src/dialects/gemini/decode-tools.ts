import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { arrayOr, isObject, objectOr, objectsIn, stringOr } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { FunctionTool, NeutralTool, ToolChoice } from '../neutral.ts';
import { field, fieldObject, listOf } from './fields.ts';
import { jsonSchemaOf } from './schemas.ts';

const SEARCHES: ReadonlySet<string> = new Set(['googleSearch', 'google_search']);

/** Decodes the tools of a request. Each object can hold functions and tools that Google runs. */
export function toolsOf(body: JsonObject, losses: Losses): NeutralTool[] {
  return (listOf(body.tools) ?? []).flatMap((tool, at) => {
    const held = objectOr(tool);
    const declared = listOf(field(held, 'functionDeclarations')) ?? [];
    const functions = declared.map((fn, index) =>
      functionOf(objectOr(fn), `tools[${at}].functionDeclarations[${index}]`, losses),
    );
    const servers = Object.keys(held).flatMap((name): NeutralTool[] => {
      if (/^function_?declarations$/i.test(name) || held[name] === null || held[name] === undefined) return [];
      const what = SEARCHES.has(name) ? 'web_search' : 'other';
      return [{ is: 'server', what, issuer: 'google', json: { [name]: held[name] }, cache: null, at: `tools[${at}].${name}` }];
    });
    return [...functions, ...servers];
  });
}

const FUNCTION_FIELDS: ReadonlySet<string> = new Set([
  ...['name', 'description', 'parameters', 'parametersJsonSchema', 'parameters_json_schema'],
]);

function functionOf(fn: JsonObject, where: string, losses: Losses): FunctionTool {
  if (typeof fn.name !== 'string') throw new Untranslatable(where, `${where} must have a name`);
  losses.dropOthers(fn, FUNCTION_FIELDS, 'tools.functionDeclarations');
  return {
    is: 'function',
    name: fn.name,
    description: stringOr(fn.description, '') || null,
    schema: parametersOf(fn),
    strict: null,
    cache: null,
  };
}

function parametersOf(fn: JsonObject): JsonObject {
  const json = field(fn, 'parametersJsonSchema');
  if (isObject(json)) return json;
  return isObject(fn.parameters) ? jsonSchemaOf(fn.parameters) : {};
}

const CHOICE_FIELDS: ReadonlySet<string> = new Set(['mode', 'allowedFunctionNames', 'allowed_function_names']);

export function toolChoiceOf(body: JsonObject, losses: Losses): ToolChoice | null {
  const config = fieldObject(fieldObject(body, 'toolConfig'), 'functionCallingConfig');
  losses.dropOthers(config, CHOICE_FIELDS, 'toolConfig.functionCallingConfig');
  const mode = stringOr(config.mode, '').toUpperCase();
  const names = arrayOr(field(config, 'allowedFunctionNames')).filter((name) => typeof name === 'string');
  const [only, ...more] = names;
  if (mode === 'NONE') return { is: 'none' };
  if (mode === 'ANY') {
    if (only === undefined) return { is: 'any' };
    return more.length === 0 ? { is: 'tool', name: only } : { is: 'among', names, must: true };
  }
  if (mode !== 'AUTO' && mode !== 'VALIDATED') return null;
  return only === undefined ? { is: 'auto' } : { is: 'among', names, must: false };
}

/** Returns the names of the functions that a request offers: at most 200, each at most 128 characters. */
export function functionNames(tools: unknown): string[] {
  return objectsIn(tools)
    .flatMap((tool) => objectsIn(tool.functionDeclarations ?? tool.function_declarations))
    .slice(0, 200)
    .flatMap(({ name }) => (typeof name === 'string' ? [name.slice(0, 128)] : []));
}
