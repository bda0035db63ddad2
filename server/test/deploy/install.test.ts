/** docs/install.md and the unit of systemd: what they set is compared with the program, and the commands that make the first key are run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { startGateway } from '../prove/gateway.ts';
import { defaultOf, readText, settingNames } from './files.ts';

const MS_MAX = 120_000;
const PAGE = readText('docs/install.md');
const UNIT = readText('deploy/systemd/headgate@.service');

const valueIn = (text: string, name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';

describe('the unit of systemd', () => {
  test('gives a stop more time than draining takes', () => {
    const drains = Number(valueIn(PAGE, 'HEADGATE_DRAIN_LEAD_SECONDS')) + Number(defaultOf('HEADGATE_DRAIN_SECONDS'));
    expect(drains).toBeGreaterThan(30);
    expect(Number(valueIn(UNIT, 'TimeoutStopSec'))).toBeGreaterThan(drains + 15);
  });

  test('allows a file for each connection, to clients and to providers', () => {
    expect(Number(valueIn(UNIT, 'LimitNOFILE'))).toBeGreaterThan(2 * Number(defaultOf('HEADGATE_CONNECTIONS_MAX')) + 1_000);
  });

  test('starts the published command, and keeps its data where the page says', () => {
    const bin = /bin: \{ (\w+):/.exec(readText('scripts/pack.ts'))?.[1];
    const [, name, verb] = /\.bin\/(\S+) (\S+)$/.exec(valueIn(UNIT, 'ExecStart')) ?? [];
    expect(bin).toBe(name);
    expect(bin).toBe('headgate');
    expect(verb).toBe('serve');
    expect(UNIT).toContain('Environment=HEADGATE_DATA_DIR=/var/lib/headgate/%i');
    expect(PAGE).toContain('/var/lib/headgate/a');
  });
});

describe('headgate-as', () => {
  const SCRIPT = readText('deploy/systemd/headgate-as');

  test('gives a command the settings of both files as they are written, without a shell that reads them', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'headgate-as-'));
    const url = 'postgres://headgate:a$b`c@db.example.com/headgate?sslmode=verify-full&sslrootcert=/etc/headgate/ca.pem';
    writeFileSync(
      path.join(folder, 'common.env'),
      `# A note\n\nDATABASE_URL=${url}\nREDIS_URL="redis://x:1 2#3"  \nHEADGATE_PORT=1\n`,
    );
    writeFileSync(path.join(folder, 'a.env'), "HEADGATE_PORT='4001'");
    const script = path.join(folder, 'headgate-as');
    // In place of the user and the program, what a program would see.
    const seen = SCRIPT.replaceAll('/etc/headgate/', `${folder}/`).replace(/^exec runuser .*\/headgate "\$@"$/m, 'exec "$@"');
    expect(seen).not.toBe(SCRIPT.replaceAll('/etc/headgate/', `${folder}/`));
    writeFileSync(script, seen);
    try {
      const read = 'console.log(JSON.stringify([process.env, process.argv.slice(1)]))';
      const ran = spawnSync('bash', [script, 'a', process.execPath, '-e', read, '--', 'two words'], { encoding: 'utf8' });
      expect([ran.status, ran.stderr]).toEqual([0, '']);
      const [env, words] = JSON.parse(ran.stdout) as [Record<string, string>, string[]];
      expect(env).toMatchObject({ DATABASE_URL: url, REDIS_URL: 'redis://x:1 2#3', HEADGATE_PORT: '4001' });
      expect(env.HEADGATE_DATA_DIR).toBe('/var/lib/headgate/a');
      expect(words).toEqual(['two words']);
      expect(spawnSync('bash', [script, 'c', 'env'], { encoding: 'utf8' }).status).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('names the files, the directory, the user and the program of the unit', () => {
    for (const text of ['/etc/headgate/common.env', '/var/lib/headgate/', '/opt/headgate/node_modules/.bin/headgate'])
      for (const file of [UNIT, SCRIPT]) expect(file).toContain(text);
    expect(SCRIPT).toContain(`runuser -u ${valueIn(UNIT, 'User')} `);
  });
});

describe('the page', () => {
  test('names settings that there are', () => {
    const named = [...PAGE.matchAll(/\b(HEADGATE_[A-Z_]+|[A-Z]+_URL)\b/g)].map(([name]) => name);
    // Of these the first is a command's, and the second a shell's.
    const unknown = new Set(named.filter((name) => !settingNames.has(name) && name !== 'HEADGATE_URL'));
    expect([...unknown]).toEqual([]);
    expect(named.length).toBeGreaterThan(10);
  });

  test('makes a tenant, a team and a key by its own commands, and the key calls what the tenant may', {
    timeout: MS_MAX,
  }, async () => {
    const commands = /<!-- A test runs these commands. -->\n```sh\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '';
    const gateway = await startGateway();
    try {
      const env = {
        ...process.env,
        PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
        HEADGATE_URL: gateway.base,
        HEADGATE_ADMIN_TOKEN: gateway.adminToken,
        OPENAI_API_KEY: 'sk-not-one',
      };
      const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', commands], { env, encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
      const secret = /"secret":"(sk-hg-[^"]+)"/.exec(stdout)?.[1];
      const answer = await fetch(`${gateway.base}/v1/models`, { headers: { authorization: `Bearer ${secret}` } });
      const { data } = (await answer.json()) as { data: readonly { id: string }[] };
      expect(data.map(({ id }) => id)).toEqual(['gpt-5-nano']);
    } finally {
      await gateway.kill();
    }
  });
});
