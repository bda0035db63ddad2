/** How the program ends. Scripts may rely on these numbers. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notAllowed: 3, unreachable: 4 } as const;

/** The command line cannot be read. Exit code 2. */
export class BadUsage extends Error {}

/** The command was understood and did not succeed; the message is what a person needs. */
export class CommandFailed extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
