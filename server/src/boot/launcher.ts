/** Ends this process when the one that started it is gone and passed no signal on, as npm and npx do when they are killed. */
import type { Logger } from '../lib/log.ts';
import { parentOf, wasStartedWith } from '../lib/process-identity.ts';

const LOOK_EVERY_MS = 500;
/** The variable that npm and npx set for what they start. */
const STARTED_BY_NPM = 'npm_lifecycle_event';
const ANCESTORS_MAX = 16;

/**
 * Stops this process as on SIGTERM once its launcher has ended. The launcher is whoever opened a channel to it (`scripts/up.mjs`
 * and the published command do), and npm or npx if they started it. A process that neither started is left alone, so that it can be
 * sent to the background.
 */
export function endWithLauncher(env: Readonly<Record<string, string | undefined>>, log: Logger): void {
  let isTold = false;
  const end = () => {
    if (isTold) return;
    isTold = true;
    // What the process printed may have gone to the launcher through pipes, which nobody reads any more.
    for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
    log.warn('the process that started this one has ended; stopping');
    // While the gateway is opening nothing listens, and nothing needs to be drained.
    if (!process.emit('SIGTERM', 'SIGTERM')) process.exit(143);
  };
  if (process.channel) {
    process.once('disconnect', end);
    process.channel.unref();
  }
  if (env[STARTED_BY_NPM] === undefined) return;
  const chain = chainToNpm();
  const timer = setInterval(() => {
    if (isWhole(chain)) return;
    clearInterval(timer);
    end();
  }, LOOK_EVERY_MS).unref();
}

/**
 * Returns the ancestors of this process up to npm, the nearest first. A shell and the published command can be between the two, and
 * outlive npm. Only the parent on a system without `/proc`.
 */
function chainToNpm(): readonly number[] {
  const chain = [process.ppid];
  for (let pid = process.ppid; chain.length < ANCESTORS_MAX && wasStartedWith(pid, STARTED_BY_NPM); ) {
    const next = parentOf(pid);
    if (next === null) break;
    chain.push(next);
    pid = next;
  }
  return chain;
}

/** Returns false if one of the ancestors has ended: the system gives an orphan another parent. */
function isWhole([parent, ...others]: readonly number[]): boolean {
  if (process.ppid !== parent) return false;
  let pid = process.ppid;
  for (const expected of others) {
    if (parentOf(pid) !== expected) return false;
    pid = expected;
  }
  return true;
}
