/** One grant of the token endpoint. `fields`: of the form or JSON body, each a text of at most 16 kB, no name twice. */
export type Grant = (
  fields: ReadonlyMap<string, string>,
  from: { readonly ip: string; readonly origin: string },
) => Promise<GrantAnswer>;
export interface GrantAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: readonly string[];
}
