import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { basename } from 'node:path';
import type { CommandIo } from '../command-io.ts';
import { BadUsage, CommandFailed, ProgramEnded } from '../outcome.ts';
import { freshLogin, longLogin } from './fresh-token.ts';
import { type LoginCommand, URL_FLAG } from './login-command.ts';
import { gatewayOfLogin, placeOf } from './place.ts';

type Env = CommandIo['env'];

/** Other programs get a token that lasts for at least this long. */
const LEFT_MS_MIN = 30 * 60_000;
/** Exit codes of a shell for a program that cannot be started. */
const [NOT_EXECUTABLE, NOT_FOUND] = [126, 127];

/** Runs a program that cannot ask for a token by itself, with one in its environment. */
export const runProgram: LoginCommand = {
  words: ['run'],
  summary: 'run a program with a token in its environment',
  operands: ['program'],
  rest: 'arguments',
  flags: [URL_FLAG, { name: 'as', value: 'variable', about: 'put the token in this variable too' }],
  notes: [
    'The program gets the token in HEADGATE_TOKEN and the address in HEADGATE_URL. Gemini CLI also gets them in its own variables.',
    'It keeps the token that it started with: opencode and Gemini CLI one of twelve hours, other programs one of at least thirty minutes.',
    'The exit code is that of the program.',
  ],
  run: async (given, io) => {
    const place = placeOf(io);
    const extra = given.flag('as');
    if (extra !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(extra)) throw new BadUsage('--as wants the name of a variable.');
    const url = gatewayOfLogin(given, place, place.read());
    const program = given.operand('program');
    const isLong = runsForHours(program);
    const { accessToken, expiresAtMs, missedAtMs } = isLong
      ? await longLogin(place, url)
      : await freshLogin(place, url, LEFT_MS_MIN);
    if (missedAtMs > 0)
      place.note(
        `${url} did not renew the token now. ${program} has the one that lasts until ${new Date(expiresAtMs).toISOString()}.`,
      );
    const own = { ...variablesOf(program, url, accessToken), ...(extra === undefined ? {} : { [extra]: accessToken }) };
    throw new ProgramEnded(await ended(program, given.rest(), { ...io.env, ...own }));
  },
};

/** Returns the variables that a program gets. */
function variablesOf(program: string, url: string, token: string): Readonly<Record<string, string>> {
  const all = { HEADGATE_TOKEN: token, HEADGATE_URL: url };
  return isGemini(program) ? { ...all, GEMINI_API_KEY: token, GOOGLE_GEMINI_BASE_URL: url } : all;
}

function isGemini(program: string): boolean {
  return /^gemini(\.\w+)?$/.test(basename(program));
}

function runsForHours(program: string): boolean {
  return isGemini(program) || /^opencode(\.\w+)?$/.test(basename(program));
}

const PASSED_ON = ['SIGTERM', 'SIGHUP'] as const;

/** Runs a program on this terminal, and resolves with its exit code. Throws CommandFailed if it cannot be started. */
function ended(program: string, args: readonly string[], env: Env): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env: env as NodeJS.ProcessEnv });
  // The terminal sends Ctrl-C to the program as well. It decides what that means.
  const wait = () => undefined;
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGINT', wait);
  for (const signal of PASSED_ON) process.on(signal, pass);
  return new Promise<number>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT';
      const why = isMissing ? 'There is no such program on your PATH.' : `It cannot be started (${error.code}).`;
      reject(new CommandFailed(`${program}: ${why}`, isMissing ? NOT_FOUND : NOT_EXECUTABLE));
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  }).finally(() => {
    process.off('SIGINT', wait);
    for (const signal of PASSED_ON) process.off(signal, pass);
  });
}
