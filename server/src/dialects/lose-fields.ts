import type { ClientWire, JsonObject, ServerWire } from './dialect.ts';
import { Untranslatable } from './dialect.ts';
import { snakeOf } from './gemini/fields.ts';
import { isObject } from './json.ts';
import { type FieldRow, LOSS_TABLE } from './loss-table.ts';
import type { Losses } from './losses.ts';

/** The rows of one dialect, as maps: a client may name a field after something that every object has. */
interface Rows {
  readonly fields: ReadonlyMap<string, FieldRow>;
  /** The fields whose parts have rows. */
  readonly divided: ReadonlySet<string>;
}

const ROWS = Object.fromEntries(
  Object.entries(LOSS_TABLE).map(([wire, rows]) => {
    const fields = Object.entries(rows).flatMap(([name, row]) =>
      spellings(wire as ClientWire, name).map((spelling) => [spelling, row] as const),
    );
    const divided = fields.flatMap(([name]) => (name.includes('.') ? [name.slice(0, name.indexOf('.'))] : []));
    return [wire, { fields: new Map(fields), divided: new Set(divided) }];
  }),
) as unknown as Readonly<Record<ClientWire, Rows>>;

/** Returns the names under which clients may send a field: those of Gemini's have two spellings, and so have their parts. */
function spellings(wire: ClientWire, name: string): string[] {
  if (wire !== 'gemini') return [name];
  const [whole = '', part] = name.split('.');
  const wholes = [whole, snakeOf(whole)];
  return part === undefined ? wholes : wholes.flatMap((one) => [`${one}.${part}`, `${one}.${snakeOf(part)}`]);
}

/**
 * Notes the fields of a request that are lost on the way to another wire, by the table of losses. Throws Untranslatable for one
 * without which the answer would mean something else.
 */
export function loseFields(client: ClientWire, upstream: ServerWire, body: JsonObject, losses: Losses): void {
  const { fields, divided } = ROWS[client];
  for (const name in body) {
    const value = body[name];
    loseField(name, value, fields, upstream, losses);
    if (!divided.has(name) || !isObject(value)) continue;
    for (const part in value) loseField(`${name}.${part}`, value[part], fields, upstream, losses);
  }
}

function loseField(
  name: string,
  value: unknown,
  rows: ReadonlyMap<string, FieldRow>,
  upstream: ServerWire,
  losses: Losses,
): void {
  if (value === undefined || value === null) return;
  const row = rows.get(name);
  const loss = row === undefined ? 'dropped' : row.lost[upstream];
  if (loss === undefined || isHarmless(value, row?.harmless)) return;
  if (loss === 'dropped') losses.dropField(name);
  else throw new Untranslatable(name, row?.why ?? `${name} is not supported by this model`);
}

function isHarmless(value: unknown, harmless: readonly unknown[] | undefined): boolean {
  if (harmless === undefined) return false;
  return harmless.some((one) => one === value || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(value)));
}
