import type { Paths } from './client.ts';

/** The query parameters of a GET operation of the contract, by its path. */
type QueryOf<Path extends keyof Paths> = Paths[Path] extends { get: { parameters: { query?: infer Query } } }
  ? NonNullable<Query>
  : never;

/**
 * Returns a query that was read from the address, as the parameters of the operation at this path. People can type any address, so
 * only the server knows whether the values are valid: it answers 400 if one is not.
 */
export function queryOf<Path extends keyof Paths>(_path: Path, query: Readonly<Record<string, unknown>>): QueryOf<Path> {
  return query as QueryOf<Path>;
}
