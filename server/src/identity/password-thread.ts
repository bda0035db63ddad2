import { parentPort } from 'node:worker_threads';
import { whyGuessable } from './password-guesses.ts';

/** The thread that judges passwords, one after the other. */

export interface Candidate {
  readonly password: string;
  /** The name and the e-mail address of the person. */
  readonly about: readonly string[];
}

export interface Judgement {
  readonly is: 'judged';
  /** The reason why the password is easy to guess; null if it is not. */
  readonly why: string | null;
}

parentPort?.on('message', ({ password, about }: Candidate) => {
  parentPort?.postMessage({ is: 'judged', why: whyGuessable(password, about) } satisfies Judgement);
});
