/** Creates load-size data and prints its progress: `npm run seed -- --organizations 10000 --keys 500000 --requests 10000000`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SeedSize, type SeedTarget, seed, seedSecret } from '../store/installation/seed.ts';

/** A flag that cannot be read. The message is one line for a person. */
export class BadSeedFlag extends Error {}

const DEFAULTS = { organizations: 100, keys: 1_000, requests: 10_000, days: 30 };
const MAXIMA = { organizations: 1_000_000, keys: 10_000_000, requests: 1_000_000_000, days: 3_650 };
type SizeFlag = keyof typeof DEFAULTS;
const SECRETS_KEPT = 20_000;

/** Separates the seed's own flags from the settings. Throws BadSeedFlag. */
export function seedFlags(
  flags: readonly string[],
  nowMs: number,
): { readonly size: SeedSize; readonly rest: readonly string[] } {
  const size = { ...DEFAULTS };
  const rest: string[] = [];
  for (let at = 0; at < flags.length; at += 1) {
    const flag = flags[at] as string;
    const [name, inline] = flag.split('=', 2) as [string, string | undefined];
    const own = name.slice(2);
    if (!name.startsWith('--') || !isSizeFlag(own)) {
      rest.push(flag);
      continue;
    }
    size[own] = wholeNumber(own, inline ?? flags[at + 1]);
    if (inline === undefined) at += 1;
  }
  return { size: { ...size, untilMs: nowMs }, rest };
}

/** Seeds with progress once a second. Writes the first 20,000 keys' secrets to a file that only this user can read. */
export async function runSeed(
  target: SeedTarget,
  size: SeedSize,
  { dataDir, print }: { readonly dataDir: string; readonly print: (line: string) => void },
): Promise<void> {
  const begunMs = performance.now();
  let toldMs = 0;
  await seed(target, size, (step, done, of) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < 1_000 && done < of) return;
    toldMs = nowMs;
    print(`${step}: ${count(done)} of ${count(of)}, ${seconds(nowMs - begunMs)} since the start`);
  });
  const file = join(dataDir, 'seed-keys.txt');
  const secrets = Array.from({ length: Math.min(size.keys, SECRETS_KEPT) }, (_, key) => seedSecret(key));
  writeFileSync(file, `${secrets.join('\n')}\n`, { mode: 0o600 });
  print(`Done in ${seconds(performance.now() - begunMs)}. Secrets of the first ${count(secrets.length)} keys: ${file}`);
}

function isSizeFlag(name: string): name is SizeFlag {
  return Object.hasOwn(DEFAULTS, name);
}

function wholeNumber(flag: SizeFlag, text: string | undefined): number {
  const value = Number(text);
  const maximum = MAXIMA[flag];
  const isFine = text !== undefined && /^\d+$/.test(text) && value >= 1 && value <= maximum;
  if (!isFine) throw new BadSeedFlag(`--${flag} must be a whole number from 1 to ${maximum}.`);
  return value;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
