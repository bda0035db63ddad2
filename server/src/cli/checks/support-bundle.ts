/** The command `headgate support-bundle`: what somebody else needs to help with an installation, in one file, without a secret. Changes nothing. */
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { programVersion } from '../../lib/program-version.ts';
import { tarOf } from '../../lib/tar.ts';
import type { Config } from '../../settings/config.ts';
import type { Given } from '../command.ts';
import type { CommandIo } from '../command-io.ts';
import { BadUsage, CommandFailed } from '../outcome.ts';
import { databaseFacts } from './bundled-database.ts';
import { checkConfig } from './config-check.ts';
import { diagnose, secretsIn, withoutSecrets } from './doctor.ts';

const ANSWER_MS_MAX = 10_000;
const LOG_LINES_MAX = 2_000;
const LOG_BYTES_MAX = 2_000_000;
const E_MAIL = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g;

/** Writes the bundle, and prints its path. What is in it goes to standard error. */
export async function supportBundle(given: Given, flags: readonly string[], io: CommandIo): Promise<void> {
  const atMs = Date.now();
  const path = given.flag('out') ?? `headgate-support-${new Date(atMs).toISOString().replace(/[:.]/g, '-')}.tar.gz`;
  const { files, missing } = await bundled(given.flag('log-file'), flags, io);
  try {
    writeFileSync(
      path,
      gzipSync(
        tarOf(
          files.map(({ name, content }) => ({ name: `headgate-support/${name}`, content })),
          atMs,
        ),
      ),
      { mode: 0o600, flag: 'wx' },
    );
  } catch (error) {
    throw new CommandFailed(
      `${path} cannot be written (${(error as NodeJS.ErrnoException).code}). Name another file with --out.`,
    );
  }
  io.out(`${path}\n`);
  for (const what of missing) io.err(`warning: ${what}\n`);
  io.err(
    `${contentsOf(files)}\nSecrets, e-mail addresses, prompts and answers are not in it. Names and ids of jobs and models may be.\n`,
  );
}

interface BundledFile {
  readonly name: string;
  readonly about: string;
  readonly content: string;
}

async function bundled(log: string | undefined, flags: readonly string[], io: CommandIo) {
  const { config, settings, findings } = await checkConfig(io.env, flags);
  const found = { settings: findings, doctor: await diagnose(io.env, flags) };
  const database = config === null ? { problem: 'a setting is bad' } : await databaseFacts(config);
  const running = config === null ? null : await fromGateway(config, io.env);
  const secrets = secretsIn(io.env, flags);
  const clean = (text: string) => withoutSecrets(text, secrets).replace(E_MAIL, '[e-mail]');
  const json = (value: unknown) => clean(`${JSON.stringify(value, null, 2)}\n`);
  const { platform, arch, version: node } = process;
  const made: readonly BundledFile[] = [
    {
      name: 'version.json',
      about: 'version, Node, system',
      content: json({ headgate: programVersion, node, platform, arch, made_at: new Date().toISOString() }),
    },
    {
      name: 'settings.json',
      about: 'settings with their sources; of secrets only whether they are set',
      content: json(settings),
    },
    { name: 'checks.json', about: 'what config check and doctor found', content: json(found) },
    {
      name: 'database.json',
      about: 'migrations, sizes of tables, settings and sessions of PostgreSQL, runs of jobs',
      content: json(database),
    },
    {
      name: 'health.json',
      about: 'readiness and health of the gateway that runs',
      content: json(running?.health ?? 'no gateway answers'),
    },
    {
      name: 'metrics.txt',
      about: running === null || running.missing.length > 0 ? 'why its metrics could not be read' : 'its metrics',
      content: clean(running?.metrics ?? ''),
    },
    ...(log === undefined
      ? []
      : [{ name: 'log.txt', about: `the last ${LOG_LINES_MAX} lines of the log`, content: clean(await lastLines(log)) }]),
  ];
  const files = [{ name: 'README.txt', about: 'this list', content: contentsOf(made) }, ...made];
  return { files, missing: running?.missing.map(clean) ?? [] };
}

function contentsOf(files: readonly Pick<BundledFile, 'name' | 'about'>[]): string {
  return files.map(({ name, about }) => `${name.padEnd(14)} ${about}\n`).join('');
}

/** Asks the gateway that runs here, or at HEADGATE_URL. What does not answer is said; `missing` names it where a proxy can hide it. */
async function fromGateway({ port, metricsToken, adminToken }: Config, env: CommandIo['env']) {
  const base = env.HEADGATE_URL || `http://127.0.0.1:${port}`;
  const [ready, health, metrics] = await Promise.all([
    textAt(`${base}/health/ready`, null),
    adminToken === null ? 'needs HEADGATE_ADMIN_TOKEN' : textAt(`${base}/api/v1/health`, adminToken),
    textAt(`${base}/metrics`, metricsToken ?? adminToken),
  ]);
  if (OWN_METRIC.test(metrics)) return { health: { ready, health }, metrics, missing: [] };
  const [said = ''] = metrics.split('\n');
  const missing = [
    `metrics could not be read at ${base}/metrics (${said.replace(/^# /, '').slice(0, 100)}). Set HEADGATE_URL to the gateway’s own address: a proxy may hide them.`,
  ];
  return { health: { ready, health }, metrics: `# ${missing[0]}\n`, missing };
}

const OWN_METRIC = /^headgate_build_info\b/m;

/** Returns the body of an answer, below its status if that is not 200. */
async function textAt(url: string, token: string | null): Promise<string> {
  try {
    const headers: Record<string, string> = {
      connection: 'close',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
    const answer = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    return `${answer.status === 200 ? '' : `# ${answer.status}\n`}${await answer.text()}`;
  } catch (error) {
    return `# no answer (${String((error as { cause?: { code?: string } }).cause?.code ?? (error as Error).name)})`;
  }
}

/** Returns the end of a file. Throws BadUsage if it cannot be read. */
async function lastLines(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const length = Math.min(size, LOG_BYTES_MAX);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return `${buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-LOG_LINES_MAX).join('\n')}\n`;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new BadUsage(`--log-file: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
