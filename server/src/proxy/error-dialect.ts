import { dataPathOf, dataPrefixOf } from '../domain/planes.ts';

/** The dialect in which an error is written. */
export type ErrorDialect = 'openai' | 'anthropic' | 'gemini';

/** Returns the dialect of an error outside an admitted request, by its raw path. `version`: the header `anthropic-version`. */
export function errorDialectOf(path: string, version: string | undefined): ErrorDialect {
  const errors = (dataPrefixOf(path) ?? dataPathOf(path))?.errors ?? 'openai';
  if (errors !== 'openai') return errors;
  return path.startsWith('/v1/messages') || version !== undefined ? 'anthropic' : 'openai';
}
