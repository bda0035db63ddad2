// The operator's guide removes everything by its own three commands; and every figure of docs/scale.md stands beside the command that made it.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Redis } from 'ioredis';
import { ended } from './ended.ts';
import { startFleet } from './fleet.ts';
import { furnishFleet, MODEL } from './fleet-site.ts';
import { type Gateway, repository } from './gateway.ts';
import { startMeteredProvider } from './metered-provider.ts';
import { allOf, type ProveResult } from './prove.ts';
import { inDatabase } from './stored-rows.ts';

export async function run(): Promise<ProveResult> {
  return allOf([figures(), await removal()]);
}

const FIGURE = /\d[\d,.]*\s*(µs|ms|s\b|MB|GB|kB|bytes|requests|×|%)/;
const COMMAND = /`(npm run [^`]+|redis-cli [^`]+|select [^`]+)`/;

/** Every row of a table that has a figure names its command, and every command is one of the project's verbs or a program's own. */
function figures(): ProveResult {
  const text = readFileSync(path.join(repository, 'docs/scale.md'), 'utf8');
  const scripts = Object.keys(
    (JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as { scripts: object }).scripts,
  );
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && FIGURE.test(line));
  const bare = rows.filter((row) => !COMMAND.test(row) && !row.includes('worked out'));
  const unknown = [...text.matchAll(/`npm run ([a-z]+)/g)]
    .map(([, verb]) => verb as string)
    .filter((verb) => !scripts.includes(verb));
  return {
    holds: rows.length > 5 && bare.length === 0 && unknown.length === 0,
    figure: `docs/scale.md: ${rows.length} rows of figures, ${bare.length} without the command that made them`,
    details: [...bare, ...unknown.map((verb) => `there is no npm run ${verb}`)],
  };
}

async function removal(): Promise<ProveResult> {
  const provider = await startMeteredProvider();
  const fleet = await startFleet({ size: 1 });
  if (fleet === null) return { holds: false, figure: '', skipped: 'PostgreSQL or Redis is not installed' };
  try {
    const [gateway] = fleet.replicas as [Gateway];
    const site = await furnishFleet(gateway, provider);
    await fetch(`${gateway.base}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${site.bounded.keys[0]?.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, user: 'one', max_tokens: 9, messages: [{ role: 'user', content: 'Hi.' }] }),
    });
    await gateway.stop();
    const before = await (fleet.redis.client as Redis).dbsize();
    const guide = readFileSync(path.join(repository, 'docs/operating.md'), 'utf8');
    const commands = /## Removing everything[\s\S]*?```\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';
    const maintenance = new URL(fleet.postgres.url);
    await inDatabase({ databaseUrl: fleet.postgres.url }, (query) => query('create database kept'));
    const bin = `/usr/lib/postgresql/15/bin:${process.env.PATH}`;
    const env = {
      ...process.env,
      PATH: bin,
      PGHOST: maintenance.hostname,
      PGPORT: maintenance.port,
      PGUSER: maintenance.username,
      PGDATABASE: 'kept',
      DATABASE_NAME: maintenance.pathname.slice(1),
      REDIS_URL: fleet.redis.url,
      HEADGATE_DATA_DIR: gateway.dataDir,
    };
    // The tests' database is the maintenance database itself, which dropdb reaches through another one.
    const script = commands.replace('dropdb ', 'dropdb --maintenance-db=kept --force ');
    const ran = await ended(['bash', '-euo', 'pipefail', '-c', script], { env });
    const left: string[] = ran.status === 0 ? [] : [`the commands failed: ${ran.stderr.slice(0, 500)}`];
    const keys = await (fleet.redis.client as Redis).keys('*');
    if (keys.length > 0) left.push(`keys in Redis: ${keys.slice(0, 5).join(', ')}`);
    if (existsSync(gateway.dataDir)) left.push('the data directory');
    const kept = new URL(fleet.postgres.url);
    kept.pathname = '/kept';
    const names = await inDatabase({ databaseUrl: kept.href }, (query) => query('select datname from pg_database'));
    if (names.some(({ datname }) => datname === env.DATABASE_NAME)) left.push('the database');
    return {
      holds: left.length === 0 && before > 0 && commands !== '',
      figure: `removed by the guide's commands: a database, ${before} keys in Redis, a data directory; left: ${left.length}`,
      details: left,
    };
  } finally {
    await fleet.stop();
    await provider.stop();
  }
}
