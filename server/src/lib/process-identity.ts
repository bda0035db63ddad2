/** Identifies the process that holds something, so that another on the same machine can tell whether it still runs. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** One run of one process. Empty strings if the system does not provide a value (anything but Linux). */
export interface ProcessIdentity {
  readonly host: string;
  /** The id of the machine's current boot; differs after every start. */
  readonly bootId: string;
  /** The namespace of the process number, which is unique only inside it; a container has its own. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** The start time of the process, so that a later one with the same number is not mistaken for it. */
  readonly startTicks: string;
}

export function thisProcess(): ProcessIdentity {
  return {
    host: hostname(),
    bootId: contents('/proc/sys/kernel/random/boot_id'),
    pidNamespace: pidNamespace(),
    pid: process.pid,
    startTicks: startTicksOf(process.pid),
  };
}

/** The processes that we cannot see, and that certainly have ended. */
const knownGone = new Set<string>();

/** Makes `isGone` true for a process that held something together with what it left, such as the lease of its data directory. */
export function knowGone(holder: ProcessIdentity): void {
  knownGone.add(textOf(holder));
}

function textOf({ host, bootId, pidNamespace, pid, startTicks }: ProcessIdentity): string {
  return JSON.stringify([host, bootId, pidNamespace, pid, startTicks]);
}

/** Reports whether that process provably no longer runs. False if it does, or if we cannot see where it would run. */
export function isGone(holder: ProcessIdentity): boolean {
  if (knownGone.has(textOf(holder))) return true;
  if (!isHere(holder)) return false;
  return !isAlive(holder.pid) || startTicksOf(holder.pid) !== holder.startTicks || isDead(holder.pid);
}

/**
 * Reports whether that process runs, or ran, where we can see it: on this machine, since its last boot, and in our process
 * namespace.
 */
export function isHere(holder: ProcessIdentity): boolean {
  const us = thisProcess();
  return holder.host === us.host && holder.bootId === us.bootId && holder.pidNamespace === us.pidNamespace;
}

/** Parses an identity from JSON; returns null if it is none. */
export function parseIdentity(text: string): ProcessIdentity | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { host, bootId, pidNamespace, pid, startTicks } = value as Record<string, unknown>;
  const areTexts = [host, bootId, pidNamespace, startTicks].every((field) => typeof field === 'string');
  return areTexts && Number.isSafeInteger(pid) ? ({ host, bootId, pidNamespace, pid, startTicks } as ProcessIdentity) : null;
}

/** Describes a process in a line for an operator. */
export function describeProcess(holder: ProcessIdentity): string {
  return `process ${holder.pid} on ${holder.host}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // We may not signal it, so it exists.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Returns the number of a process's parent; null if it has ended, or on a system without `/proc`. */
export function parentOf(pid: number): number | null {
  const field = statOf(pid)[PARENT];
  return field === undefined ? null : Number(field);
}

/** Reports whether a process of this user was started with an environment variable. False if that cannot be read. */
export function wasStartedWith(pid: number, variable: string): boolean {
  return contents(`/proc/${pid}/environ`)
    .split('\0')
    .some((entry) => entry.startsWith(`${variable}=`));
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/**
 * Reports whether a process has ended and closed its files, although its parent has not noticed and may never do so. A thread
 * that continues keeps the files open.
 */
function isDead(pid: number): boolean {
  return DEAD_STATES.has(statOf(pid)[STATE] ?? '') && threadsOf(pid) <= 1;
}

const DEAD_STATES: ReadonlySet<string> = new Set(['Z', 'X']);

function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch {
    return 0;
  }
}

function startTicksOf(pid: number): string {
  return statOf(pid)[START_TICKS] ?? '';
}

/** The places of fields 3, 4 and 22 of `stat`, counted after the program's name, which may contain spaces and parentheses. */
const STATE = 0;
const PARENT = 1;
const START_TICKS = 19;

function statOf(pid: number): readonly string[] {
  const stat = contents(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
