import { canAsk, confirmed } from '../ask.ts';
import type { Given } from '../command.ts';
import { freshLogin } from '../login/fresh-token.ts';
import { getWithToken } from '../login/gateway-calls.ts';
import { JSON_FLAG, type LoginCommand, outputOf, URL_FLAG } from '../login/login-command.ts';
import { gatewayOf, gatewayOfLogin, isGatewayNamed, type Place, placeOf } from '../login/place.ts';
import { BadUsage, CommandFailed } from '../outcome.ts';
import { printRows } from '../print.ts';
import { AGENT_NAMES, type Agent, type Target } from './agent.ts';
import { AGENTS } from './agents.ts';
import { lineDiff } from './diff.ts';
import { readText } from './files.ts';
import { ownCommand } from './own-command.ts';
import { applySetup, applyUndo, type FilePlan, planSetup, planUndo } from './setup.ts';

const SETUP_FLAGS = [
  URL_FLAG,
  { name: 'model', value: 'name', about: 'the model that it calls, if its settings should say one' },
  { name: 'yes', value: null, about: 'write without a question' },
  { name: 'print', value: null, about: 'show what would be written, and write nothing' },
  { name: 'undo', value: null, about: 'take back what an earlier set-up wrote' },
] as const;

const setups = AGENT_NAMES.map(
  (name): LoginCommand => ({
    words: ['agents', 'setup', name],
    summary: `let ${AGENTS[name].title} call models with your login`,
    flags: SETUP_FLAGS,
    run: async (given, io) => {
      const place = placeOf(io);
      if (given.has('undo')) await undo(AGENTS[name], given, place);
      else await setUp(AGENTS[name], given, place);
    },
  }),
);

async function setUp(agent: Agent, given: Given, place: Place): Promise<void> {
  const { machine, directory, note } = place;
  const target = await targetOf(given, place);
  const keys = agent.longLived(machine, readText, target.url);
  const plans = planSetup(agent, target, machine, directory);
  const isChanged = show(plans, place);
  for (const { file, place: where, isReplaced } of keys)
    note(
      isReplaced ? `${file} has a key at ${where}. It is replaced by your login.` : `${file} has a key at ${where}, which stays.`,
    );
  const [main] = plans;
  const hint = main === undefined ? null : agent.hint?.({ path: main.path, text: main.after?.toString() ?? '' }, target);
  if (hint) note(hint);
  if (!isChanged) {
    note(`${agent.title} is set up for ${target.url}. Nothing has to be changed.`);
    return;
  }
  if (!(await mayWrite(given, 'Write these changes?'))) return;
  applySetup(agent, target.url, plans, directory, new Date());
  note(`${agent.title} calls ${target.url} with your login now. ${agent.start}`);
  note(`To take this back: headgate agents setup ${agent.name} --undo`);
  if (!place.read().byUrl.has(target.url)) note(`You are not signed in there yet. Run: headgate login --url ${target.url}`);
}

async function undo(agent: Agent, given: Given, place: Place): Promise<void> {
  const { directory, note } = place;
  const plans = planUndo(agent, directory);
  if (plans === null) {
    note(`No set-up of ${agent.title} is recorded here. Nothing was changed.`);
    return;
  }
  show(plans, place);
  if (!(await mayWrite(given, 'Write these changes?'))) return;
  applyUndo(agent, plans, directory);
  for (const plan of plans) note(whatBecame(plan));
}

function whatBecame({ path, before, after, kept, isExact }: FilePlan): string {
  if (before === null) return `${path} is gone already.`;
  if (after === null) return `${path} was deleted: it did not exist before the set-up.`;
  if (isExact) return `${path} is again what it was before the set-up, byte for byte.`;
  const still = kept.length === 0 ? '' : ` You changed these since, so they stay: ${kept.join(', ')}.`;
  return `${path} was edited since the set-up. Only what the set-up wrote was removed.${still}`;
}

/** Shows the changes of each file on standard output. Reports whether there are any. */
function show(plans: readonly FilePlan[], { io }: Place): boolean {
  let isChanged = false;
  for (const { path, before, after } of plans) {
    const lines = lineDiff(before?.toString() ?? '', after?.toString() ?? '');
    if (lines === null && (before === null) === (after === null)) continue;
    isChanged = true;
    const what = before === null ? ' (new)' : after === null ? ' (deleted)' : '';
    io.out(`${path}${what}\n${(lines ?? []).map((line) => `  ${line}\n`).join('')}`);
  }
  return isChanged;
}

async function mayWrite(given: Given, question: string): Promise<boolean> {
  if (given.has('print')) return false;
  if (given.has('yes')) return true;
  if (!canAsk())
    throw new CommandFailed('Nothing was written, because nobody can be asked here. Add --yes to write, or --print to look.');
  return confirmed(question);
}

async function targetOf(given: Given, place: Place): Promise<Target> {
  const model = given.flag('model') ?? null;
  if (model !== null && (model === '' || model.length > 200 || /[\p{C}\s"']/u.test(model)))
    throw new BadUsage(`--model wants the name of a model, not ${JSON.stringify(model)}.`);
  const logins = place.read();
  // A gateway that nobody named is not written anywhere.
  const url = gatewayOfLogin(given, place, logins);
  const [command, ...words] = ownCommand(place.machine);
  const models = logins.byUrl.has(url) ? await modelsAt(url, place) : null;
  return { url, model, models, tokenCommand: [command, ...words, 'token', '--url', url] };
}

/** Returns the names of the models that the login may call; null if the gateway does not tell them now. */
async function modelsAt(url: string, place: Place): Promise<readonly string[] | null> {
  try {
    const { accessToken } = await freshLogin(place, url);
    const { status, body } = await getWithToken(url, '/v1/models', accessToken);
    if (status !== 200 || !Array.isArray(body.data)) return null;
    const ids = body.data.map((one: { id?: unknown } | null) => one?.id);
    return ids.filter((id): id is string => typeof id === 'string' && /^[^\p{C}\s"']{1,200}$/u.test(id));
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    place.note(`headgate: the models that you may call are not known: ${error.message}`);
    return null;
  }
}

const status: LoginCommand = {
  words: ['agents', 'status'],
  summary: 'which agents use your login, and which still have a key that does not end',
  flags: [URL_FLAG, JSON_FLAG],
  run: async (given, io) => {
    const place = placeOf(io);
    const logins = place.read();
    const url = gatewayOf(given, place, logins);
    const rows = AGENT_NAMES.map((name) => rowOf(AGENTS[name], url, place));
    const output = outputOf(given, io);
    printRows(output, {}, rows, [
      ['agent', (row) => row.agent],
      ['calls', (row) => row.url ?? 'its vendor'],
      ['with', (row) => (row.by_login ? 'your login' : 'a key or login of its own')],
      ['keys that do not end', (row) => (row.long_lived_keys as { place: string }[]).map((key) => key.place)],
    ]);
    if (!output.isJson) await offer(rows, isGatewayNamed(given, place, logins) ? url : null, given, place);
  },
};

function rowOf(agent: Agent, url: string, { machine }: Place) {
  const { url: called, byLogin } = agent.pointed(machine, readText);
  const keys = agent.longLived(machine, readText, url);
  return {
    agent: agent.name,
    url: called,
    by_login: byLogin,
    long_lived_keys: keys.map(({ file, place, isReplaced }) => ({ file, place, is_replaced_by_setup: isReplaced })),
  };
}

/** Offers to replace each key that a set-up replaces: asks in a terminal, and elsewhere names the command. */
async function offer(rows: readonly ReturnType<typeof rowOf>[], url: string | null, given: Given, place: Place): Promise<void> {
  for (const { agent, long_lived_keys: keys } of rows) {
    const key = keys.find(({ is_replaced_by_setup: isReplaced }) => isReplaced);
    if (key === undefined) continue;
    if (url === null) {
      place.note(
        `${key.file} holds a key at ${key.place}. A login can replace it: headgate login --url <address of your gateway>`,
      );
      continue;
    }
    place.note(`${key.file} holds a key at ${key.place}. Your login can replace it: headgate agents setup ${agent} --url ${url}`);
    if (canAsk() && (await confirmed(`Set ${AGENTS[agent].title} up now?`))) await setUp(AGENTS[agent], given, place);
  }
}

export const agentCommands: readonly LoginCommand[] = [...setups, status];
