/** What an older or newer version, a disk or a person may have left where a start reads: rows, policies, and records of the journal. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FrameBuffer } from '../../src/ledger/frames.ts';
import type { Query } from '../prove/stored-rows.ts';
import type { Random } from '../simulation/random.ts';
import type { FuzzSite } from './fuzz-site.ts';

const AMOUNTS = ['9007199254740993', '9223372036854775807', '-1', '-9223372036854775808', '0', '4503599627370496'] as const;

/** Changes what is stored of the tenant that nobody calls any more. Its rows are always absurd; of its policies few, else nothing would count the rows. */
export async function poisonRows(query: Query, { poisoned }: FuzzSite, random: Random): Promise<void> {
  const { organizationId } = poisoned;
  const amount = () => random.pick(AMOUNTS);
  const of = `organization_id = short_id('org', '${organizationId}')`;
  const rows = [
    `update request_records set total_tokens = ${amount()}, input_tokens = ${amount()}, status = '${random.pick(['paused', 'succeeded', ''])}' where ${of}`,
    `update request_records set count = ${random.pick(['-1', '0', '2147483647'])} where ${of}`,
    `update ledger_records set total_tokens = ${amount()}, nano_usd = ${amount()} where ${of}`,
  ];
  for (const statement of rows) if (random.chance(0.3)) await query(statement);
  await query(
    `update request_records set total_tokens = 9007199254740993, count = 1, status = 'succeeded' where ${of} and random() < 0.7`,
  );
  for (const { table, column, where, well, ill } of policiesOf(poisoned)) {
    const value = random.chance(0.12) ? random.pick(ill) : well;
    await query(`update ${table} set ${column} = '${value}' where ${where}`);
  }
  const sealed = random.bytes(random.whole(0, 40)).toString('hex');
  if (random.chance(0.3)) await query(`update credentials set sealed = '\\x${sealed}' where id = '${poisoned.credentialId}'`);
}

interface Policy {
  readonly table: string;
  readonly column: string;
  readonly where: string;
  /** What can be read, and what cannot. */
  readonly well: string;
  readonly ill: readonly string[];
}

function policiesOf({ organizationId, teamId, key, deploymentId }: FuzzSite['poisoned']): readonly Policy[] {
  const [of, rates] = [`organization_id = '${organizationId}'`, '{"rpd":10000000,"tpd":9000000000000000}'];
  const badPeriods = ['{"is":"fortnight"}', '{}', '{"is":"rolling","hours":-1}', '{"is":"month","anchor_day":99}'];
  const badPrices = ['{"input":1.5}', '{"output":"1"}', '[]', '7', 'null', '{"input":-1}'];
  const badRates = ['{"rph":1.5}', '{"tpm":"many"}', '{"rpd":-1}', '{"new":1}'];
  return [
    {
      table: 'organizations',
      column: 'time_zone',
      where: `id = '${organizationId}'`,
      well: 'UTC',
      ill: ['Mars/Olympus', '', '+25:00'],
    },
    { table: 'organizations', column: 'rate_limits', where: `id = '${organizationId}'`, well: rates, ill: badRates },
    { table: 'budgets', column: 'period', where: of, well: MONTH, ill: badPeriods },
    {
      table: 'keys',
      column: 'model_limits',
      where: `id = '${key.id}'`,
      well: '[]',
      ill: ['[{"rate_limits":{}}]', '[7]', '[{"target":5}]'],
    },
    { table: 'teams', column: 'model_limits', where: `id = '${teamId}'`, well: '[]', ill: ['[{}]', '["x"]'] },
    {
      table: 'prices',
      column: 'per_million',
      where: `deployment_id = '${deploymentId}'`,
      well: '{"input":10000000}',
      ill: badPrices,
    },
  ];
}

const MONTH = '{"is":"month","anchor_day":1}';

/** Adds a file of whole frames that hold no records, and one half frame at its end. */
export function poisonJournal(directory: string, { poisoned }: FuzzSite, random: Random): void {
  const last = readdirSync(directory)
    .filter((file) => /^journal-\d+\.log$/.test(file))
    .sort()
    .at(-1);
  if (last === undefined) return;
  const installation = /H\t1\t([^\t]+)\t/.exec(readFileSync(path.join(directory, last)).toString('latin1', 0, 200))?.[1];
  if (installation === undefined) return;
  const number = Number(/\d+/.exec(last)?.[0]) + 1;
  const frames = new FrameBuffer();
  const add = (line: string) => {
    frames.open();
    frames.text(`${line}\n`);
    frames.close();
  };
  add(`H\t1\t${installation}\t${number}`);
  const who = `${poisoned.organizationId}\t${poisoned.teamId}\t${poisoned.key.id}\t\t\tx`;
  for (let left = random.whole(3, 12); left > 0; left -= 1) add(record(who, random));
  add(`B\t${poisonId(random)}\tNaN\t${who}`);
  const torn = frames.bytes.subarray(0, frames.length - random.whole(0, 5));
  writeFileSync(path.join(directory, `journal-${String(number).padStart(12, '0')}.log`), torn, { mode: 0o600 });
}

function record(who: string, random: Random): string {
  const odd = () =>
    random.pick(['NaN', '', '-1', '1e400', '99999999999999999999', 'x', '{', '\x1e', '\x1f', '0', '1', String(Date.now())]);
  const fields = (count: number) => Array.from({ length: count }, odd).join('\t');
  const id = poisonId(random);
  return random.weighted<() => string>([
    [4, () => `B\t${id}\t${odd()}\t${who}\t${fields(random.whole(0, 14))}`],
    [3, () => `E\t${id}\t${odd()}\t${who}\t${fields(random.whole(0, 22))}`],
    [2, () => `O\t${id}\t${odd()}\t${who}\t${fields(random.whole(0, 22))}`],
    [1, () => `R\t${id}\t${poisonId(random)}`],
    [1, () => `S\tshape\t${who.split('\t')[0]}\t{${odd()}`],
    [1, () => `${random.pick(['Z', 'B', 'E', 'O', 'R', '\x00'])}${fields(random.whole(0, 3))}`],
  ])();
}

/** Ids of records that are none begin with what no id of ours does: see `rejectedRows`. */
function poisonId(random: Random): string {
  return `req_0bad${random.bytes(14).toString('hex')}`;
}
