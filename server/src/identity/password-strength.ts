import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { fewAtOnce } from '../lib/few-at-once.ts';
import type { Candidate, Judgement } from './password-thread.ts';
import { SignInRefused } from './refusal.ts';

/** Judges the strength of a new password by itself, without a service of leaked passwords. */

const PASSWORD_LENGTH_MIN = 10;
export const PASSWORD_LENGTH_MAX = 128;
/** A bound far above what loading and judging take, so that no password keeps the thread. */
const JUDGE_MS_MAX = 30_000;
/** The idle time after which the thread ends, to free its memory. */
const IDLE_MS_MAX = 30_000;

/** Judges passwords one at a time, like hashing them, so that people who choose passwords leave CPU for requests. */
const oneAtATime = fewAtOnce({ atOnce: 1, waitingMax: 50, tooMany: () => new SignInRefused('busy', 5) });

/**
 * Resolves with null, or with what is wrong and what to do, without its subject. `about`: the person's name and e-mail address.
 * Rejects with `busy` if too many passwords wait.
 */
export async function passwordProblem(password: string, about: readonly string[]): Promise<string | null> {
  if (password.length > PASSWORD_LENGTH_MAX) return `is too long. Use at most ${PASSWORD_LENGTH_MAX} characters.`;
  if ([...password].length < PASSWORD_LENGTH_MIN) return `is too short. Use at least ${PASSWORD_LENGTH_MIN} characters.`;
  const why = await oneAtATime(() => judge({ password, about }));
  return why === null ? null : `is easy to guess: ${why}. Use several words that do not belong together.`;
}

/** The thread that judges, while it is there. The dictionaries would block the event loop, and stay in memory for ever. */
let thread: Worker | null = null;
let idle: NodeJS.Timeout | undefined;

async function judge(candidate: Candidate): Promise<string | null> {
  clearTimeout(idle);
  thread ??= startThread();
  try {
    const messages = on(thread, 'message', { signal: AbortSignal.timeout(JUDGE_MS_MAX), close: ['exit'] });
    thread.postMessage(candidate);
    for await (const [said] of messages as AsyncIterable<[Partial<Judgement>]>) {
      if (said.is === 'judged') return said.why ?? null; // Under `node --watch`, a thread also reports its imports.
    }
    throw new Error('the thread that judges passwords ended without a judgement');
  } catch (error) {
    endThread();
    throw error;
  } finally {
    // Somebody whose password was refused tries another one soon.
    idle = setTimeout(endThread, IDLE_MS_MAX).unref();
  }
}

function startThread(): Worker {
  const started = new Worker(new URL('./password-thread.ts', import.meta.url), { execArgv: [] });
  started.unref();
  return started.on('error', () => {}); // Whoever waits for a judgement hears of it too.
}

function endThread(): void {
  void thread?.terminate();
  thread = null;
}
