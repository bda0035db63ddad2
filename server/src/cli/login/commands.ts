import { hostname } from 'node:os';
import { baseOf, DEFAULT_URL } from '../api.ts';
import type { Given } from '../command.ts';
import { BadUsage, CommandFailed } from '../outcome.ts';
import { printRows } from '../print.ts';
import { canShowPages, openPage } from './browser.ts';
import { budget } from './budget.ts';
import { signInByDevice } from './device.ts';
import { whileLocked } from './file-lock.ts';
import { freshLogin, isAlive, without } from './fresh-token.ts';
import { postForm, wordsOf } from './gateway-calls.ts';
import { JSON_FLAG, type LoginCommand, outputOf, URL_FLAG } from './login-command.ts';
import type { Login } from './login-file.ts';
import { signInByBrowser, type Wish } from './loopback.ts';
import { gatewayOf, gatewayOfLogin, type Place, placeOf } from './place.ts';
import { runProgram } from './run-program.ts';
import { CLIENT_ID } from './token-answer.ts';

const login: LoginCommand = {
  words: ['login'],
  summary: 'sign in as yourself, so that your agents need no key',
  flags: [
    URL_FLAG,
    { name: 'device', value: null, about: 'show a code to type on another device, where no browser can open here' },
    { name: 'no-browser', value: null, about: 'print the address of the page, and open nothing' },
    { name: 'organization', value: 'name', about: 'the organization that the page proposes' },
    { name: 'team', value: 'name', about: 'the team that the page proposes' },
    { name: 'name', value: 'text', about: 'the name of this device on your list of logins; its host name unless said' },
  ],
  run: async (given, io) => {
    const place = placeOf(io);
    const url = gatewayOf(given, place, place.read());
    const wish = wishOf(given);
    refuseWithoutPerson(given);
    warnOfPlainHttp(url, place);
    const signedIn = given.has('device')
      ? await signInByDevice(url, wish, (page, code) =>
          place.note(`Open ${page} on any device, and type this code:\n\n  ${code}\n`),
        )
      : await signInByBrowser(url, wish, (address) => show(address, given, place));
    const before = await whileLocked(place.directory, async () => {
      const logins = place.read();
      place.write({ current: url, byUrl: new Map(logins.byUrl).set(url, signedIn) });
      return logins.byUrl.get(url);
    });
    // The login before is of no use to anybody now. On the same device it is the same key, whose old tokens ended. If this fails, it is on
    // the list of logins in the console.
    if (before !== undefined && before.keyId !== signedIn.keyId) await revoke(url, before).catch(() => undefined);
    place.note(`You are signed in at ${url} as ${whoIs(signedIn)}.`);
    place.note('Next: headgate agents setup claude (or codex, opencode, gemini). To see your budget: headgate budget');
  },
};

function wishOf(given: Given): Wish {
  const device = given.flag('name') ?? hostname();
  const hints = ['organization', 'team'].flatMap((name) => {
    const value = given.flag(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  for (const text of [device, ...hints.map(([, value]) => value)])
    if (text.trim() === '' || text.length > 100 || /\p{C}/u.test(text))
      throw new BadUsage('A name has 1 to 100 characters, without control characters.');
  return { device, hints: Object.fromEntries(hints) };
}

function refuseWithoutPerson(given: Given): void {
  if (process.stdin.isTTY || given.has('device') || given.has('no-browser')) return;
  throw new CommandFailed(
    'A login needs a person, and this is not a terminal. Run it in a terminal, or with --device or --no-browser where somebody reads ' +
      'the output. Programs that run without people need a key, or a trust rule.',
  );
}

function warnOfPlainHttp(url: string, { note }: Place): void {
  const { protocol, hostname: host } = new URL(url);
  if (protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(host))
    note(`${url} has no TLS: whoever is on the way can read your login. Use https:// outside of a trusted network.`);
}

async function show(address: string, given: Given, { machine, note }: Place): Promise<void> {
  const opens = !given.has('no-browser') && canShowPages(machine) && (await openPage(address, machine));
  note(
    `${opens ? 'Your browser opens this page. If it does not, open it' : 'Open this page in a browser of this machine'}:\n\n  ${address}\n`,
  );
  if (!opens) note('Without a browser on this machine, use headgate login --device.');
}

function whoIs({ email, organization, team }: Login): string {
  const place = [organization, team].filter((text) => text !== '').join(' / ');
  return `${email || 'yourself'}${place === '' ? '' : ` (${place})`}`;
}

const logout: LoginCommand = {
  words: ['logout'],
  summary: 'end your login at the gateway, and delete it here',
  flags: [URL_FLAG, { name: 'all', value: null, about: 'at every gateway' }],
  run: async (given, io) => {
    const place = placeOf(io);
    const logins = place.read();
    const urls = given.has('all') ? [...logins.byUrl.keys()] : logins.byUrl.size === 0 ? [] : [gatewayOf(given, place, logins)];
    const failed: string[] = [];
    for (const url of urls) {
      const ended = await whileLocked(place.directory, async () => {
        const now = place.read();
        const found = now.byUrl.get(url);
        place.write(without(now, url));
        return found;
      });
      if (ended === undefined) place.note(`You were not signed in at ${url}.`);
      else
        await revoke(url, ended).then(
          () => place.note(`You are signed out at ${url}.`),
          (error: Error) =>
            failed.push(
              `The login at ${url} was deleted here, but it was not ended there: ${error.message} End it in the console, on your profile.`,
            ),
        );
    }
    if (urls.length === 0) place.note('You were not signed in.');
    if (failed.length > 0) throw new CommandFailed(failed.join('\n'));
  },
};

/** Ends a login at its gateway. Throws if the gateway did not confirm it. */
async function revoke(url: string, { refreshToken }: Login): Promise<void> {
  const form = { token: refreshToken, token_type_hint: 'refresh_token', client_id: CLIENT_ID };
  const answer = await postForm(url, '/v1/oauth/revoke', form);
  if (answer.status !== 200) throw new CommandFailed(wordsOf(answer));
}

const token: LoginCommand = {
  words: ['token'],
  summary: 'print an access token that lasts for at least five minutes, and nothing else',
  flags: [URL_FLAG],
  notes: [
    'The token is renewed when less than five minutes are left. Programs may call this as often as they like.',
    'While the gateway cannot be reached, the token is printed as long as it lasts.',
    'Exit codes: 0 a token, 3 you are not signed in or your login was ended, 4 the gateway is out of reach.',
  ],
  run: async (given, io) => {
    const place = placeOf(io);
    const { accessToken } = await freshLogin(place, gatewayOfLogin(given, place, place.read()));
    io.out(`${accessToken}\n`);
  },
};

const status: LoginCommand = {
  words: ['status'],
  summary: 'where you are signed in, and until when',
  flags: [JSON_FLAG],
  run: async (given, io) => {
    const place = placeOf(io);
    const { current, byUrl } = place.read();
    const rows = [...byUrl].map(([url, one]) => ({
      gateway: url,
      is_current: url === (io.env.HEADGATE_URL ? baseOf(io.env.HEADGATE_URL) : (current ?? DEFAULT_URL)),
      email: one.email,
      organization: one.organization,
      team: one.team,
      device: one.device,
      key_id: one.keyId,
      token_expires_at: new Date(one.expiresAtMs).toISOString(),
      is_token_valid: isAlive(one),
      gateway_missed_at: one.missedAtMs === 0 ? null : new Date(one.missedAtMs).toISOString(),
    }));
    const output = outputOf(given, io);
    if (rows.length === 0 && !output.isJson)
      place.note('You are not signed in. Run: headgate login --url <address of your gateway>');
    else
      printRows(output, {}, rows, [
        ['gateway', (row) => `${row.gateway}${row.is_current ? ' (current)' : ''}`],
        ['signed in as', (row) => row.email],
        ['organization', (row) => row.organization],
        ['team', (row) => row.team],
        ['device', (row) => row.device],
        ['token', (row) => (row.is_token_valid ? `until ${row.token_expires_at}` : 'expired, renewed on next use')],
      ]);
  },
};

export const loginCommands: readonly LoginCommand[] = [login, logout, token, status, budget, runProgram];
