import { formatUsd, parseUsd } from '../../domain/money/money.ts';
import type { Json } from '../api.ts';
import { CommandFailed, EXIT } from '../outcome.ts';
import { printJson, printRows, textOf } from '../print.ts';
import { freshLogin } from './fresh-token.ts';
import { getWithToken, wordsOf } from './gateway-calls.ts';
import { JSON_FLAG, type LoginCommand, outputOf, URL_FLAG } from './login-command.ts';
import { gatewayOfLogin, placeOf } from './place.ts';

/** Prints the budgets and limits that the gateway reports, and the login that they bound. */
export const budget: LoginCommand = {
  words: ['budget'],
  summary: 'the budgets and limits of your login, and what is left of each',
  flags: [URL_FLAG, JSON_FLAG],
  run: async (given, io) => {
    const place = placeOf(io);
    const url = gatewayOfLogin(given, place, place.read());
    const login = await freshLogin(place, url);
    const answer = await getWithToken(url, '/api/oauth/usage', login.accessToken);
    if (answer.status === 401 || answer.status === 403) throw new CommandFailed(wordsOf(answer), EXIT.notAllowed);
    if (answer.status !== 200) throw new CommandFailed(`${url} did not tell the budget: ${wordsOf(answer)}`);
    const output = outputOf(given, io);
    const rules = rulesIn(answer.body);
    const { email, organization, team, keyId, device } = login;
    if (output.isJson) {
      const about = { gateway: url, device, key_id: keyId, email, organization, team };
      printJson(output, { ...answer.body, login: about, currency: CURRENCY });
      return;
    }
    output.print(textOf(`Login on ${device} (${keyId}) of ${email} in ${organization} / ${team} at ${url}`));
    if (rules.length === 0) place.note('No budget and no limit applies to it.');
    else
      printRows(output, {}, rules, [
        ['rule', nameOf],
        ['of', (row) => row.scope],
        ['limit', (row) => amountOf(row.limit)],
        ['used', (row) => amountOf(row.used)],
        ['held', (row) => amountOf(row.held)],
        ['left', leftOf],
        ['resets at', (row) => row.resets_at],
      ]);
  },
};

/** Returns the name of a rule, and what it does if it does not refuse. The id of a budget tells a person nothing. */
function nameOf({ rule, action }: Json): string {
  const name = String(rule).replace(/:bud_\w+$/, '');
  return typeof action === 'string' && action !== 'block' ? `${name} (${action})` : name;
}

/** Returns money, which comes as a text, with its currency. Other limits are numbers. */
function amountOf(value: unknown): unknown {
  return nanoUsd(value) === null ? value : `${value} ${CURRENCY}`;
}

const CURRENCY = 'USD';
const RULES_MAX = 1_000;

function rulesIn(body: Json): readonly Json[] {
  const { rules } = (body.headgate ?? {}) as { rules?: unknown };
  const isRule = (one: unknown): one is Json => typeof one === 'object' && one !== null;
  return Array.isArray(rules) ? rules.slice(0, RULES_MAX).filter(isRule) : [];
}

/** Returns what is left under a rule: money as a text, other limits as a number. Null if the gateway does not say enough. */
function leftOf({ limit, used }: Json): string | number | null {
  // What is held for requests under way counts as used.
  if (typeof limit === 'number' && typeof used === 'number') return Math.max(0, limit - used);
  const [all, taken] = [nanoUsd(limit), nanoUsd(used)];
  if (all === null || taken === null) return null;
  return `${formatUsd(all > taken ? all - taken : 0n)} ${CURRENCY}`;
}

function nanoUsd(value: unknown): bigint | null {
  const parsed = typeof value === 'string' ? parseUsd(value) : null;
  return parsed?.is === 'valid' ? parsed.value : null;
}
