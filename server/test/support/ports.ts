/**
 * Ports for servers that tests start as processes of their own. Below those the kernel gives to connections and to `listen(0)`, and each noted
 * in a file while the process that took it lives: between asking for a port and listening on it nobody else comes in, in any process.
 */
import { once } from 'node:events';
import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const PORT_MIN = 10_000;
const PORTS = 10_000;
/** A node of a Redis cluster listens for the others this far above its own port. */
const BUS_OFFSET = 10_000;
const TRIES_MAX = 1_000;

const notes = path.join(tmpdir(), 'headgate-test-ports');
const taken = new Set<string>();
process.on('exit', () => {
  for (const note of taken) remove(note);
});

/** A port on the loopback address, from 10,000 to 19,999, that is this process's own until it ends; so is the one 10,000 above it. */
export async function freePort(): Promise<number> {
  mkdirSync(notes, { recursive: true });
  const first = Math.floor(Math.random() * PORTS);
  for (let tried = 0; tried < TRIES_MAX; tried += 1) {
    const port = PORT_MIN + ((first + tried) % PORTS);
    if (reserve(path.join(notes, String(port))) && (await isFree(port)) && (await isFree(port + BUS_OFFSET))) return port;
  }
  throw new Error(`no free port among ${TRIES_MAX} from ${PORT_MIN + first} on`);
}

/** Reports whether this process owns the note now. A note whose process is gone may be taken over. */
function reserve(note: string): boolean {
  try {
    writeFileSync(note, String(process.pid), { flag: 'wx' });
  } catch {
    if (isHeld(note)) return false;
    remove(note);
    return reserve(note);
  }
  taken.add(note);
  return true;
}

function isHeld(note: string): boolean {
  try {
    process.kill(Number(readFileSync(note, 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}

function remove(note: string): void {
  try {
    unlinkSync(note);
  } catch {
    // Somebody else was first.
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((closed) => server.close(closed));
  }
}
