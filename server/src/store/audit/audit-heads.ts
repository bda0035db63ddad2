/**
 * The newest event of each audit chain that this process wrote, in a file of its data directory. Whoever cuts the end off a chain in the
 * database, or rewrites it, does not reach this file.
 *
 * A file that cannot be written (a full disk) stops no change: the events are in the database, the heads wait in memory, the log says so
 * once a minute, and the next write that succeeds writes all of them.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { appendFile, open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The newest event of a chain at some moment. */
export interface AuditHead {
  readonly chain: string;
  readonly seq: number;
  /** 64 lower-case hex digits. */
  readonly hash: string;
}

/** A head that a file holds. */
export interface RememberedHead extends AuditHead {
  /** The file's name, with the worker's directory before it where there is one. */
  readonly file: string;
}

/** What a process remembers of the chains that it wrote to. */
export interface AuditHeads {
  /** The newest head of a chain that this process wrote and that the database did not contradict. */
  known(chain: string): AuditHead | null;
  /** Every head of a chain in this process's file and in those of the processes beside it. */
  all(chain: string): readonly RememberedHead[];
  /** Remembers events that are committed. Resolves when the file holds them, or could not be written. Never rejects. */
  remember(heads: readonly AuditHead[]): Promise<void>;
}

export interface AuditHeadsOptions {
  /** The process's own file. */
  readonly path: string;
  /** Told of a write that failed. */
  readonly onFailure: (error: Error) => void;
  readonly chainsMax?: number;
}

/** The file of a process that serves, and the one of the recovery commands. */
export const AUDIT_HEADS_FILE = 'audit-heads';
export const COMMAND_HEADS_FILE = 'audit-heads-commands';

/** Chains in one file; beyond that the ones longest unwritten are forgotten. */
const CHAINS_MAX = 20_000;
/** A file is rewritten when it holds this many lines more than chains. */
const SPARE_LINES_MAX = 2_000;
/** No file that we wrote is longer. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const LINE = /^v1 (\S{1,200}) ([1-9]\d{0,15}) ([0-9a-f]{64})$/;

/** Reads the file, or begins one. An unreadable line, as a crash leaves at the end, is passed over. */
export function openAuditHeads({ path, onFailure, chainsMax = CHAINS_MAX }: AuditHeadsOptions): AuditHeads {
  const heads = headsIn(path);
  let spareLines = Number.POSITIVE_INFINITY; // The first write makes the file anew, without what a crash left.
  let writing: Promise<void> = Promise.resolve();

  /** Returns the heads that are newer than those known, which are now known. */
  function note(told: readonly AuditHead[]): readonly AuditHead[] {
    const newer = told.filter(({ chain, seq }) => seq > (heads.get(chain)?.seq ?? 0));
    for (const head of newer) {
      heads.delete(head.chain); // A map keeps the order of insertion: the first is the one longest unwritten.
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

/** Whatever cannot be read is a file that says nothing: the chain is judged without it, and the verdict names no such file. */
function textOf(path: string): string {
  try {
    return statSync(path).size > FILE_BYTES_MAX ? '' : readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** The files of the other processes of this host: the recovery commands, and the workers that share the data directory. */
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

/** Beside the old one first, so that a full disk leaves the old one as it is. */
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
