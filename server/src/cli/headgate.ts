/** The program's entry point. `serve` and `seed` load the server; every other command loads only the code it needs. */
import { serverCommandOf } from './commands.ts';

const argv = process.argv.slice(2);

if (serverCommandOf(argv) !== null) {
  await import('./serve.ts');
} else {
  const { runCommand } = await import('./run-command.ts');
  process.exitCode = await runCommand(argv);
}
