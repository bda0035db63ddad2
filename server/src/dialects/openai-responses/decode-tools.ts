import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { isObject, objectOr, objectsIn, stringOr } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { CustomTool, FunctionTool, NeutralTool, ToolChoice } from '../neutral.ts';
import { flatName, type NamedTool, SEARCH_TOOL, toolsIn } from './tool-names.ts';

const TOOL_FIELDS: ReadonlySet<string> = new Set([
  ...['type', 'name', 'description', 'parameters', 'strict', 'format', 'execution', 'output_schema'],
]);

/** Decodes the tools of a request. Throws Untranslatable for those that the provider runs. */
export function readTools(body: JsonObject, losses: Losses): NeutralTool[] {
  const tools = new Map<string, FunctionTool | CustomTool>();
  for (const named of toolsIn(body)) {
    const tool = toolOf(named);
    losses.dropOthers(named.tool, TOOL_FIELDS, 'tools');
    if (tool !== null) tools.set(tool.name, tool);
  }
  return [...tools.values()];
}

function toolOf({ tool, namespace, param }: NamedTool): FunctionTool | CustomTool | null {
  const { type, name } = tool;
  const description = stringOr(tool.description, null);
  const strict = typeof tool.strict === 'boolean' ? tool.strict : null;
  // A provider's own search only picks among the tools, which are all listed here.
  if (type === 'tool_search')
    return tool.execution === 'client'
      ? { is: 'function', name: SEARCH_TOOL, description, schema: objectOr(tool.parameters), strict: null, cache: null }
      : null;
  if (type !== 'function' && type !== 'custom')
    throw new Untranslatable(
      isObject(tool) && type !== undefined ? `${param}.type` : param,
      `${param} is of type ${JSON.stringify(type)}, which this model cannot run`,
    );
  if (typeof name !== 'string' || name === '') throw new Untranslatable(`${param}.name`, `${param} must have a name`);
  if (type === 'function')
    return {
      is: 'function',
      name: flatName(name, namespace),
      description,
      schema: objectOr(tool.parameters),
      strict,
      cache: null,
    };
  const { type: kind, syntax, definition } = objectOr(tool.format);
  const grammar = kind === 'grammar' ? { syntax: stringOr(syntax, ''), definition: stringOr(definition, '') } : null;
  return { is: 'custom', name: flatName(name, namespace), description, grammar, cache: null, at: param };
}

/** Decodes the choice among tools. Throws Untranslatable if it names one that the provider runs. */
export function readToolChoice(choice: unknown): ToolChoice | null {
  if (choice === 'auto' || choice === 'none') return { is: choice };
  if (choice === 'required') return { is: 'any' };
  if (!isObject(choice)) return null;
  if (choice.type === 'allowed_tools')
    return { is: 'among', names: objectsIn(choice.tools).map(chosenName), must: choice.mode === 'required' };
  return { is: 'tool', name: chosenName(choice) };
}

function chosenName(choice: JsonObject): string {
  const { type, name, namespace } = choice;
  if (type === 'tool_search') return SEARCH_TOOL;
  if ((type === 'function' || type === 'custom') && typeof name === 'string') return flatName(name, stringOr(namespace, null));
  throw new Untranslatable('tool_choice', `tool_choice names ${JSON.stringify(type)}, which this model cannot run`);
}
