/** Certificates that openssl makes for a test: for localhost and the loopback addresses, signed by themselves, with an end of one's own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const AUTHORITY = `[ca]
default_ca = here
[here]
new_certs_dir = .
database = index.txt
serial = serial
default_md = sha256
policy = named
copy_extensions = copy
[named]
commonName = supplied
`;
const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** True if openssl is on this machine. */
export function hasOpenssl(): boolean {
  return spawnSync('openssl', ['version']).status === 0;
}

/** Makes a certificate that is valid from 2020 to `end`. */
export function certificateUntil(end: Date): Certificate {
  const folder = mkdtempSync(path.join(tmpdir(), 'headgate-openssl-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  try {
    writeFileSync(path.join(folder, 'ca.cnf'), AUTHORITY);
    writeFileSync(path.join(folder, 'index.txt'), '');
    writeFileSync(path.join(folder, 'serial'), '01\n');
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
    openssl('req', '-new', ...key, '-subj', '/CN=localhost', '-addext', NAMES, '-out', 'request.pem');
    const signing = ['-selfsign', '-batch', '-notext', '-config', 'ca.cnf', '-keyfile', 'key.pem'];
    const dates = ['-startdate', '20200101000000Z', '-enddate', asn1Time(end)];
    openssl('ca', ...signing, ...dates, '-in', 'request.pem', '-out', 'cert.pem');
    const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');
    return { cert: read('cert.pem'), key: read('key.pem') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `20261128165500Z`. */
function asn1Time(date: Date): string {
  return date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
}
