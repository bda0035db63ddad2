/** Reads the settings and starts what they ask for. */
import { endWithLauncher } from './boot/launcher.ts';
import { seed } from './boot/seed.ts';
import { serve } from './boot/serve.ts';
import { startFailure } from './boot/start-failure.ts';
import { logFields, startsWorkers, superviseWorkers, workerConfig } from './boot/workers.ts';
import { serverCommandOf } from './cli/commands.ts';
import { createLogger } from './lib/log.ts';
import { readConfig } from './settings/config.ts';
import { tellUnknownSettings } from './settings/unknown-settings.ts';

async function main(argv: readonly string[]): Promise<void> {
  const command = serverCommandOf(argv);
  if (command === null) {
    const { runCommand } = await import('./cli/run-command.ts');
    process.exitCode = await runCommand(argv);
    return;
  }
  const flags = argv.slice(1);
  if (command === 'seed') return seed(flags);
  const config = workerConfig(readConfig(process.env, flags), process.env);
  const log = createLogger(config.log, logFields(config));
  if (config.worker === 0) {
    endWithLauncher(process.env, log);
    tellUnknownSettings(process.env, log);
  }
  if (startsWorkers(config)) process.exitCode = await superviseWorkers(config, log);
  else await serve(config, log);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`headgate: ${startFailure(error)}\n`);
  process.exit(1);
});
