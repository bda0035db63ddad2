/** Debian's nginx and HAProxy on the configurations of `deploy/proxies`, with the ports and files of a test. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.ts';
import { testCertificate } from './tls-certificate.ts';

export type ProxyKind = 'nginx' | 'HAProxy';

export interface RealProxy {
  /** On 127.0.0.1, over TLS with the tests' certificate. */
  readonly port: number;
  /** What it printed so far, such as why it answered 502. */
  said(): string;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  /** The port of the gateway behind it, or of one for each plane. */
  readonly behind: number | { readonly data: number; readonly admin: number };
  /** The port of a second gateway, on the lines that the file shows for it. */
  readonly behindToo?: number;
  /** True if clients need the tests' certificate. */
  readonly wantsCertificate?: boolean;
  /** The read timeout in place of the file's, in seconds. */
  readonly readTimeoutS?: number;
}

const PROGRAMS: Readonly<Record<ProxyKind, string>> = { nginx: '/usr/sbin/nginx', HAProxy: '/usr/sbin/haproxy' };
const FILES: Readonly<Record<ProxyKind, string>> = { nginx: 'nginx.conf', HAProxy: 'haproxy.cfg' };
/** The server in the files: once for the data plane, and then once for the admin plane. */
const SERVER = '127.0.0.1:4000';
const READY_MS_MAX = 15_000;

export function hasProxy(kind: ProxyKind): boolean {
  return existsSync(PROGRAMS[kind]);
}

/** Returns a configuration as it is in `deploy/proxies`. */
export function proxyConfiguration(kind: ProxyKind): string {
  return readFileSync(resolve(import.meta.dirname, '../../../deploy/proxies', FILES[kind]), 'utf8');
}

export async function startProxy(kind: ProxyKind, options: ProxyOptions): Promise<RealProxy> {
  const home = mkdtempSync(join(tmpdir(), 'headgate-proxy-'));
  const port = await freePort();
  writeCertificates(home);
  const file = join(home, FILES[kind]);
  writeFileSync(file, fitted(proxyConfiguration(kind), home, port, options));
  const child = kind === 'nginx' ? launchNginx(home, file) : spawn(PROGRAMS.HAProxy, ['-db', '-f', file], OUTPUT);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await untilListening(port, child, () => said);
  return {
    port,
    said: () => said,
    stop: async () => {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await Promise.race([once(child, 'exit'), sleep(5_000).then(() => child.kill('SIGKILL'))]);
      }
      rmSync(home, { recursive: true, force: true });
    },
  };
}

const OUTPUT: SpawnOptions = { stdio: ['ignore', 'ignore', 'pipe'] };

/** Puts ports and files of the test in the place of those in the file. What else it says stays. */
function fitted(text: string, home: string, port: number, options: ProxyOptions): string {
  const { behind } = options;
  const { data, admin } = typeof behind === 'number' ? { data: behind, admin: behind } : behind;
  const [beforeData, betweenPlanes, afterAdmin, ...more] = text.split(SERVER);
  if (afterAdmin === undefined || more.length > 0) throw new Error(`the configuration does not name ${SERVER} twice`);
  const placed = [beforeData, `127.0.0.1:${data}`, betweenPlanes, `127.0.0.1:${admin}`, afterAdmin]
    .join('')
    .replaceAll('/etc/headgate/tls/', `${home}/`)
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replaceAll('bind :443', `bind 127.0.0.1:${port}`)
    .replaceAll(/# (server (?:gateway-2 )?)10\.0\.0\.12:4000/g, (line, start) =>
      options.behindToo === undefined ? line : `${start}127.0.0.1:${options.behindToo}`,
    );
  const timed = options.readTimeoutS === undefined ? placed : placed.replaceAll('660s', `${options.readTimeoutS}s`);
  if (options.wantsCertificate !== true) return timed;
  return timed.replace(/^ *bind .*\n/m, '').replaceAll('#mtls ', '');
}

function writeCertificates(home: string): void {
  const { cert, key } = testCertificate;
  const files = { 'server.pem': cert, 'server.key': key, 'server-with-key.pem': `${cert}\n${key}\n`, 'clients-ca.pem': cert };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), `${text}\n`, { mode: 0o600 });
}

/** The file is one of those that Debian's nginx.conf includes, so the test brings the rest. */
function launchNginx(home: string, site: string): ChildProcess {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${home}/${name};`);
  mkdirSync(join(home, 'logs'));
  const main = join(home, 'main.conf');
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    main,
    `${user} daemon off; master_process on; worker_processes 1; pid ${home}/nginx.pid; error_log stderr warn;
     events { worker_connections 768; }
     http { ${temporary.join(' ')} access_log off; include ${site}; }\n`,
  );
  return spawn(PROGRAMS.nginx, ['-p', home, '-c', main], OUTPUT);
}

async function untilListening(port: number, child: ChildProcess, said: () => string): Promise<void> {
  const deadlineMs = performance.now() + READY_MS_MAX;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) throw new Error(`the proxy does not listen:\n${said()}`);
    await sleep(50);
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isOpen = await Promise.race([once(socket, 'connect'), once(socket, 'error')]).then(
    (event) => !(event[0] instanceof Error),
    () => false,
  );
  socket.destroy();
  return isOpen;
}
