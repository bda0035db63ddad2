/** The command line of a person who logs in, each command in a process of its own, and what stands between it and the gateway. */
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { asPerson, must } from '../logins/site.ts';
import { type Gateway, repository, START, startChild, temporaryDirectory } from '../prove/gateway.ts';
import type { Person } from '../support/tenants.ts';
import { COMMANDS, type Ran } from './support.ts';

/** A person's home on a machine, with `headgate` on its PATH. */
export interface Home {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** The parsed `login.json`. */
  logins(): { readonly logins: Record<string, Record<string, unknown>> };
  /** Changes fields of each login, as time or a hand does. */
  change(fields: object): void;
}

export function newHome(): Home {
  const folder = temporaryDirectory();
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  const words = [process.execPath, ...START, COMMANDS].map((word) => `'${path.resolve(repository, word)}'`);
  const [node, ...args] = [words[0], ...START.map((word) => `'${word}'`), words.at(-1)];
  writeFileSync(path.join(bin, 'headgate'), `#!/bin/sh\nexec ${[node, ...args].join(' ')} "$@"\n`);
  chmodSync(path.join(bin, 'headgate'), 0o755);
  const file = path.join(folder, '.config/headgate/login.json');
  const logins = () => JSON.parse(readFileSync(file, 'utf8')) as ReturnType<Home['logins']>;
  return {
    folder,
    env: { HOME: folder, PATH: `${bin}:${path.dirname(process.execPath)}:/usr/bin:/bin` },
    logins,
    change: (fields) => {
      const now = logins();
      for (const one of Object.values(now.logins)) Object.assign(one, fields);
      writeFileSync(file, JSON.stringify(now));
    },
  };
}

export interface Running {
  /** Everything on standard error until now. */
  err(): string;
  /** Resolves when it matches. Rejects if the process ends first. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ran>;
}

/** Starts a command in a process of its own. */
export function start(home: Home, argv: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = startChild([process.execPath, ...START, COMMANDS, ...argv], { env: { ...home.env, ...env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
  const says = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(err);
      if (found !== null) return found;
      const chunk = await Promise.race([once(child.stderr, 'data'), ended]);
      if (!Array.isArray(chunk) && !pattern.test(err)) throw new Error(`it ended with ${JSON.stringify(chunk)}`);
    }
  };
  return { err: () => err, says, ended };
}

export function run(home: Home, ...argv: readonly string[]): Promise<Ran> {
  return start(home, argv).ended;
}

/** Approves the address that `headgate login` shows, with the calls that the console's page makes. Returns what the terminal's server answers. */
export async function approve(gateway: Gateway, person: Person, teamId: string, address: string): Promise<Response> {
  const asked = new URL(address).searchParams;
  const of = (name: string) => asked.get(name) ?? '';
  const { redirect_to } = must(
    await asPerson(gateway, person, 'POST', '/logins/authorize', {
      team_id: teamId,
      device_name: of('device_name'),
      client: of('client_id'),
      redirect_uri: of('redirect_uri'),
      code_challenge: of('code_challenge'),
      code_challenge_method: of('code_challenge_method'),
      state: of('state'),
    }),
  );
  return fetch(redirect_to as string);
}

export const ADDRESS = /\n {2}(http\S+\/connect\?\S+)\n/;

/** Logs a home in by its browser. Throws if anything on the way fails. */
export async function logIn(home: Home, gateway: Gateway, person: Person, teamId: string, url = gateway.base): Promise<Ran> {
  const running = start(home, ['login', '--no-browser', '--url', url, '--name', 'laptop']);
  const [, address = ''] = await running.says(ADDRESS);
  await (await approve(gateway, person, teamId, address)).text();
  const ran = await running.ended;
  if (ran.code !== 0) throw new Error(`headgate login ended with ${JSON.stringify(ran)}`);
  return ran;
}

export interface Between {
  readonly url: string;
  /** The paths of the requests that came. */
  readonly paths: string[];
  /** With a status, it answers instead of the gateway. */
  answers: number | null;
  stop(): Promise<void>;
}

/** Stands between commands and the gateway, counts what they ask, and can be stopped alone. */
export async function standBetween(gateway: Pick<Gateway, 'port'>): Promise<Between> {
  const server = createServer((incoming, outgoing) => {
    between.paths.push(`${incoming.method} ${incoming.url}`);
    if (between.answers !== null) {
      outgoing.writeHead(between.answers, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    const { method, url: at, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port: gateway.port, method, path: at, headers }, (answer: IncomingMessage) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const between: Between = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths: [],
    answers: null,
    stop: async () => {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return between;
}

/** Puts a file of an agent into a home. */
export function put(home: Home, file: string, text: string | Uint8Array): string {
  const at = path.join(home.folder, file);
  mkdirSync(path.dirname(at), { recursive: true });
  writeFileSync(at, text);
  return at;
}

/** Returns the bytes of a file of a home; null if there is none. */
export function bytes(home: Home, file: string): Buffer | null {
  const at = path.join(home.folder, file);
  return existsSync(at) ? readFileSync(at) : null;
}
