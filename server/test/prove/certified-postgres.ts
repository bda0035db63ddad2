/** A PostgreSQL with a certificate of a private CA, made by openssl, whose CA file can be one that expires soon. */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../support/postgres.ts';
import { inDatabase } from './stored-rows.ts';

const OPENSSL = '/usr/bin/openssl';
const SUBJECT = '/CN=CA of a prove';

export interface CertifiedPostgres {
  readonly url: string;
  /** The URL of a database of it, with which a client verifies the server by the CA file. */
  verifiedBy(databaseUrl: string): string;
  /** Puts a certificate of the CA into the CA file that is valid for so many days. All have the same key. */
  useCa(days: number): void;
  stop(): Promise<void>;
}

/** Starts one with a CA of 400 days. Null where PostgreSQL or openssl is missing. */
export async function startCertifiedPostgres(): Promise<CertifiedPostgres | null> {
  if (!existsSync(OPENSSL)) return null;
  const home = mkdtempSync(path.join(tmpdir(), 'headgate-ca-'));
  const at = (name: string) => path.join(home, name);
  const openssl = (...args: string[]) => void execFileSync(OPENSSL, args, { stdio: 'ignore' });
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', at('ca.key'));
  const useCa = (days: number) =>
    openssl('req', '-x509', '-key', at('ca.key'), '-subj', SUBJECT, '-days', String(days), '-out', at('ca.pem'));
  useCa(400);
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', at('server.key'));
  openssl('req', '-new', '-key', at('server.key'), '-subj', '/CN=127.0.0.1', '-out', at('server.csr'));
  writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1');
  const signing = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-days', '300', '-extfile', at('names')];
  openssl('x509', '-req', '-in', at('server.csr'), ...signing, '-out', at('server.pem'));
  const postgres = await startPostgres();
  if (postgres === null) {
    rmSync(home, { recursive: true, force: true });
    return null;
  }
  await certify(postgres.url, { 'server.crt': at('server.pem'), 'server.key': at('server.key') });
  return {
    url: postgres.url,
    verifiedBy: (databaseUrl) => `${databaseUrl}?sslmode=verify-full&sslrootcert=${at('ca.pem')}`,
    useCa,
    stop: async () => {
      await postgres.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Gives the server these files, which must be its user's own, and lets it serve TLS too. */
async function certify(databaseUrl: string, files: Readonly<Record<string, string>>): Promise<void> {
  await inDatabase({ databaseUrl }, async (query) => {
    const [row] = await query('show data_directory');
    const data = String(row?.data_directory);
    const { uid, gid } = statSync(data);
    for (const [name, from] of Object.entries(files)) {
      writeFileSync(path.join(data, name), readFileSync(from), { mode: 0o600 });
      chownSync(path.join(data, name), uid, gid);
    }
    await query('alter system set ssl = on');
    await query('select pg_reload_conf()');
  });
}
