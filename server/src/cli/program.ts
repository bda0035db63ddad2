/** The command line of the tables in `commands.ts`, for the library that reads it, writes its help, and completes it in shells. */
import tab from '@bomb.sh/tab/commander';
import { Command as CommandParser, InvalidArgumentError, Option } from 'commander';
import { programVersion } from '../lib/program-version.ts';
import { flagOf } from '../settings/flags.ts';
import { SETTINGS } from '../settings/settings.ts';
import { openApi } from './api.ts';
import type { Command, CommandLine, Given, Session } from './command.ts';
import type { CommandIo } from './command-io.ts';
import { COMMANDS, COMMON_FLAGS, LOGIN_COMMANDS, SERVER_COMMANDS } from './commands.ts';
import { givenTo } from './given.ts';

/** Returns the parser of every command line. It throws CommanderError after it wrote a help text or what is wrong. */
export function programOf(io: CommandIo): CommandParser {
  const program: CommandParser = new CommandParser('headgate')
    .version(programVersion)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      outputError: (text, write) => write(text.replace(/^error/, 'headgate')),
    })
    .showHelpAfterError('See: headgate help')
    .addHelpText('before', () => refuseUnknownWord(program))
    .addHelpText('after', AFTER_HELP);
  const settings: string[] = [];
  const options = settingOptions(settings);
  program.commandsGroup('On the data directory and database of the settings:');
  for (const { run, ...line } of SERVER_COMMANDS) {
    const parser = added(program, line, options);
    if (run !== undefined) parser.action(() => run(givenTo(parser), settings, io));
  }
  program.commandsGroup('Over HTTP, to a gateway that runs (HEADGATE_URL, HEADGATE_ADMIN_TOKEN):');
  for (const command of COMMANDS) {
    const parser = added(program, { ...command, flags: [...(command.flags ?? []), ...COMMON_FLAGS] });
    parser.action(() => runOnApi(command, givenTo(parser), io));
  }
  program.commandsGroup('With your own login, as a person who calls models (HEADGATE_URL):');
  for (const { run, ...line } of LOGIN_COMMANDS) {
    const parser = added(program, line);
    parser.action(() => run(givenTo(parser), io));
  }
  program.commandsGroup('Others:').helpCommand('help [command...]', 'the operands and flags of a command');
  describeGroups(program);
  tab(program, { completionCommandName: 'completion' });
  return program;
}

/** Describes each word that is no command by the words that follow it. */
function describeGroups(parser: CommandParser): void {
  for (const group of parser.commands.filter(({ commands }) => commands.length > 0)) {
    group.description(group.commands.map((one) => one.name()).join(', '));
    describeGroups(group);
  }
}

const AFTER_HELP = `
\`headgate <command> --help\` lists its flags, and \`headgate serve --help\` every setting.

Exit codes: 0 done, 1 failed, 2 the command line is wrong, 3 not allowed or not found, 4 the gateway is out of reach.`;

const SETTINGS_HEADING = 'Settings, as flags or environment variables:';

/** Adds a command below those of its first words, and adds these if they are missing. */
function added(program: CommandParser, line: CommandLine, settings: readonly Option[] = []): CommandParser {
  const { words, summary, operands = [], rest, flags = [], notes = [] } = line;
  const below = (parser: CommandParser, word: string) =>
    parser.commands.find((one) => one.name() === word) ?? parser.command(word).helpCommand(false);
  const parser = words.reduce(below, program).description(summary);
  for (const operand of operands) parser.argument(`<${operand}>`, '', filled);
  if (rest !== undefined) parser.argument(`[${rest}...]`).passThroughOptions();
  for (const { name, value, about } of flags) parser.option(value === null ? `--${name}` : `--${name} <${value}>`, about);
  for (const option of settings) parser.addOption(option);
  if (notes.length > 0) parser.addHelpText('after', ['', ...notes].join('\n'));
  return parser;
}

function runOnApi(command: Command, given: Given, io: CommandIo): Promise<void> {
  const session: Session = {
    // Opened on first use, so that errors on the command line are reported before a missing token.
    get api() {
      return openApi({ url: given.flag('url'), tokenFile: given.flag('token-file'), env: io.env });
    },
    isJson: given.has('json'),
    print: (text) => io.out(`${text}\n`),
    note: (text) => io.err(`${text}\n`),
  };
  return command.run(given, session);
}

/** Returns a flag for each setting: `--port`, also as `--headgate-port`. What is given is added to `given`, for `readConfig`. */
function settingOptions(given: string[]): readonly Option[] {
  return SETTINGS.map(({ name, default: standard, about }) => {
    const whole = flagOf(name);
    const flags = `${whole.replace('headgate-', '')} <value>`;
    const option = new Option(`${whole}, ${flags}`, `${name}: ${about}${standard === '' ? '' : ` [${standard}]`}`);
    option.flags = flags; // Help and errors show the short form alone.
    return option.helpGroup(SETTINGS_HEADING).argParser((value) => void given.push(`${whole}=${value}`));
  });
}

function filled(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

/** Refuses `headgate nonsense --help`, for which the library shows the help of the whole program. */
function refuseUnknownWord(program: CommandParser): string {
  const [word = '-'] = program.args;
  return word.startsWith('-') ? '' : program.error(`error: unknown command '${word}'`);
}
