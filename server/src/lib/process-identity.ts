/** Which process holds something, so that another on the same machine can tell whether it still lives. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** One run of one process. Empty strings where the system does not say (anything but Linux). */
export interface ProcessIdentity {
  readonly host: string;
  /** Differs after every start of the machine. */
  readonly bootId: string;
  /** Process numbers mean something only inside it; a container has its own. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** When the process began, so that a later one with the same number is not taken for it. */
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

/** True only when that process provably no longer runs; false when it does, or when we cannot see where it would run. */
export function isGone(holder: ProcessIdentity): boolean {
  if (!isHere(holder)) return false;
  return !isAlive(holder.pid) || startTicksOf(holder.pid) !== holder.startTicks || isDead(holder.pid);
}

/** Whether that process runs, or ran, where we can see it: on this machine, since its last start, and in our process namespace. */
export function isHere(holder: ProcessIdentity): boolean {
  const us = thisProcess();
  return holder.host === us.host && holder.bootId === us.bootId && holder.pidNamespace === us.pidNamespace;
}

/** Reads what JSON made of an identity; null when it is none. */
export function parseIdentity(text: string): ProcessIdentity | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { host, bootId, pidNamespace: namespace, pid, startTicks } = value as Record<string, unknown>;
  const areTexts = [host, bootId, namespace, startTicks].every((field) => typeof field === 'string');
  return areTexts && Number.isSafeInteger(pid) ? (value as ProcessIdentity) : null;
}

/** For a line an operator reads. */
export function describeProcess(holder: ProcessIdentity): string {
  return `process ${holder.pid} on ${holder.host}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not allowed to signal it, so it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Ended, files closed, and not yet noticed by its parent, which may never notice. A thread that goes on keeps the files open. */
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

/** Counted behind the program's name, which may hold spaces and parentheses: fields 3 and 22 of `stat`. */
const STATE = 0;
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
