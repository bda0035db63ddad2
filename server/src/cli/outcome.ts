/** The program's exit codes. Scripts may rely on these numbers. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notAllowed: 3, unreachable: 4 } as const;

/** The command line is wrong. Exit code 2. */
export class BadUsage extends Error {}

/** The command was understood but failed. Its message tells a person what they need to know. */
export class CommandFailed extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The gateway did not answer. Exit code 4. */
export class GatewayAway extends CommandFailed {
  constructor(url: string, why: string) {
    super(
      `${url} cannot be reached (${why}). Check the address (--url, HEADGATE_URL) and that the gateway runs there.`,
      EXIT.unreachable,
    );
  }
}

/** A program that a command ran has ended. The command ends with the same exit code, and says nothing. */
export class ProgramEnded extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`the program ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}
