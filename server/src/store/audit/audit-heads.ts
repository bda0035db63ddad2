/**
 * Stores the newest event that this process wrote to each audit chain, in a file of its data directory. An attacker who truncates
 * or rewrites a chain in the database cannot change this file.
 *
 * A file that cannot be written, as on a full disk, blocks no change. The events are in the database and the heads stay in
 * memory. `onFailure` is called for each failed write, and the next write that succeeds writes all heads.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { appendFile, open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The newest event of a chain at some time. */
export interface AuditHead {
  readonly chain: string;
  readonly seq: number;
  /** The event's hash, as 64 lower-case hex digits. */
  readonly hash: string;
}

/** A head in a file. */
export interface RememberedHead extends AuditHead {
  /** The file's name, after the worker's directory if it is in one. */
  readonly file: string;
}

/** The heads of the chains that this process wrote to. */
export interface AuditHeads {
  /** Returns the newest head that this process wrote to a chain and that the database did not contradict. */
  known(chain: string): AuditHead | null;
  /** Returns every head of a chain, in this process's file and in those of the host's other processes. */
  all(chain: string): readonly RememberedHead[];
  /** Returns the newest head of each chain in these files. */
  everyChain(): readonly RememberedHead[];
  /** Stores committed events. Resolves when the file holds them or the write failed. Never rejects. */
  remember(heads: readonly AuditHead[]): Promise<void>;
}

export interface AuditHeadsOptions {
  /** The process's own file. */
  readonly path: string;
  /** Called when a write fails. */
  readonly onFailure: (error: Error) => void;
  readonly chainsMax?: number;
}

/** The file of a serving process. The recovery commands have their own, below. */
export const AUDIT_HEADS_FILE = 'audit-heads';
export const COMMAND_HEADS_FILE = 'audit-heads-commands';

/** The most chains in one file. Beyond that, the least recently written chains are evicted. */
const CHAINS_MAX = 20_000;
/** A file is rewritten once this many lines were appended to it. */
const SPARE_LINES_MAX = 2_000;
/** Longer than any file that we write. A longer one is ignored. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const LINE = /^v1 (\S{1,200}) ([1-9]\d{0,15}) ([0-9a-f]{64})$/;

/** Reads the file, or starts a new one. Skips unreadable lines, such as a half-written last line after a crash. */
export function openAuditHeads({ path, onFailure, chainsMax = CHAINS_MAX }: AuditHeadsOptions): AuditHeads {
  const heads = headsIn(path);
  let spareLines = Number.POSITIVE_INFINITY; // The first write rewrites the file, without the rest of a crash.
  let writing: Promise<void> = Promise.resolve();

  /** Stores the heads that are newer than the known ones, and returns those. */
  function note(told: readonly AuditHead[]): readonly AuditHead[] {
    const newer = told.filter(({ chain, seq }) => seq > (heads.get(chain)?.seq ?? 0));
    for (const head of newer) {
      heads.delete(head.chain); // A map keeps the order of insertion, so the first is the least recently written.
      heads.set(head.chain, head);
    }
    for (const chain of heads.keys()) {
      if (heads.size <= chainsMax) break;
      heads.delete(chain);
    }
    return newer;
  }

  async function write(newer: readonly AuditHead[]): Promise<void> {
    try {
      if (spareLines > SPARE_LINES_MAX) {
        await writeAnew(path, [...heads.values()]);
        spareLines = 0;
      } else {
        await appendFile(path, newer.map(lineOf).join(''), { mode: 0o600 });
        spareLines += newer.length;
      }
    } catch (error) {
      spareLines = Number.POSITIVE_INFINITY;
      onFailure(error as Error);
    }
  }

  return {
    known: (chain) => heads.get(chain) ?? null,
    all: (chain) => {
      const own = heads.get(chain);
      const others = filesBeside(path).flatMap((file) => {
        const head = headsIn(file).get(chain);
        return head === undefined ? [] : [{ ...head, file: nameOf(file) }];
      });
      return own === undefined ? others : [{ ...own, file: nameOf(path) }, ...others];
    },
    everyChain: () => {
      const newest = new Map<string, RememberedHead>();
      const add = (file: string, found: ReadonlyMap<string, AuditHead>) => {
        for (const head of found.values())
          if (head.seq > (newest.get(head.chain)?.seq ?? 0)) newest.set(head.chain, { ...head, file: nameOf(file) });
      };
      add(path, heads);
      for (const file of filesBeside(path)) add(file, headsIn(file));
      return [...newest.values()];
    },
    remember: (told) => {
      const newer = note(told);
      if (newer.length > 0) writing = writing.then(() => write(newer));
      return writing;
    },
  };
}

function headsIn(path: string): Map<string, AuditHead> {
  const heads = new Map<string, AuditHead>();
  for (const line of textOf(path).split('\n')) {
    const [, chain, seq, hash] = LINE.exec(line) ?? [];
    if (chain === undefined || hash === undefined || Number(seq) <= (heads.get(chain)?.seq ?? 0)) continue;
    heads.delete(chain);
    heads.set(chain, { chain, seq: Number(seq), hash });
  }
  return heads;
}

/**
 * Returns the text of a file, empty if it cannot be read. The chain is then verified without it, and the verdict does not name
 * it.
 */
function textOf(path: string): string {
  try {
    return statSync(path).size > FILE_BYTES_MAX ? '' : readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Returns the files of the host's other processes: the recovery commands, and the workers that share the data directory. */
function filesBeside(path: string): readonly string[] {
  const directory = dirname(path);
  const top = WORKER.test(basename(directory)) ? dirname(directory) : directory;
  const workers = existsSync(top) ? readdirSync(top).filter((name) => WORKER.test(name)) : [];
  return [top, ...workers.map((name) => join(top, name))]
    .flatMap((place) => [join(place, AUDIT_HEADS_FILE), join(place, COMMAND_HEADS_FILE)])
    .filter((file) => file !== path && existsSync(file));
}

const WORKER = /^worker-\d{1,4}$/;

function nameOf(file: string): string {
  const directory = basename(dirname(file));
  return WORKER.test(directory) ? `${directory}/${basename(file)}` : basename(file);
}

const lineOf = ({ chain, seq, hash }: AuditHead) => `v1 ${chain} ${seq} ${hash}\n`;

/** Writes a new file beside the old one and then replaces it, so that a full disk leaves the old one unchanged. */
async function writeAnew(path: string, heads: readonly AuditHead[]): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(heads.map(lineOf).join(''));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
