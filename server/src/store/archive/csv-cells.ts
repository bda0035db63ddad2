/** SQL that writes columns as comma-separated text. */

/** The forms of values. `json`: a list or an object as JSON text. `plain`: numbers and booleans. */
export type CellForm = 'text' | 'plain' | 'time' | 'json';

const quoted = (text: string) => `coalesce('"' || replace(${text}, '"', '""') || '"', '')`;

const CELL: Readonly<Record<CellForm, (name: string) => string>> = {
  text: quoted,
  plain: (name) => `coalesce(${name}::text, '')`,
  time: (name) => `to_char(${name} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  json: (name) => quoted(`to_jsonb(${name})::text`),
};

/**
 * Returns SQL for a row of a table or view as one line with its line break. The database writes it, which is faster than a driver's
 * rows. `made`: the SQL of columns that the table does not have.
 */
export function csvLine(
  from: string,
  columns: readonly { readonly name: string; readonly form: CellForm }[],
  made: Readonly<Record<string, string>> = {},
): string {
  return `${columns.map(({ name, form }) => CELL[form](made[name] ?? `${from}.${name}`)).join(" || ',' || ")} || E'\\n'`;
}
