/** What a prove is asked: `quick` runs smaller counts, so that CI can afford all of them. */
export interface ProveOptions {
  readonly quick: boolean;
  /** To be told what is done now, in a few words: what hangs is said by these. */
  readonly doing?: (what: string) => void;
}

/** What a prove found. `figure` is one line a reader can check a claim against. */
export interface ProveResult {
  readonly holds: boolean;
  readonly figure: string;
  /** Printed below the line when the prove missed. */
  readonly details?: readonly string[];
  /** Printed below the line whichever way it went: what a reader asked to see. */
  readonly log?: readonly string[];
  /** What the machine lacks for this prove. It then holds nothing and misses nothing. */
  readonly skipped?: string;
}

/** A module of this folder: `server/test/prove/<name>.ts`. */
export interface Prove {
  run(options: ProveOptions): Promise<ProveResult>;
}

let wasRowWanted = false;

/** Reports whether a row is to be run. HEADGATE_PROVE_ROWS, a regular expression, names some of those of a prove; absent: all. */
export function isRowWanted(name: string): boolean {
  const isWanted = new RegExp(process.env.HEADGATE_PROVE_ROWS ?? '').test(name);
  wasRowWanted ||= isWanted;
  return isWanted;
}

/** Reports whether rows were named, and none of them exists: then nothing was proved. */
export function isNoRowWanted(): boolean {
  return (process.env.HEADGATE_PROVE_ROWS ?? '') !== '' && !wasRowWanted;
}

/** A prove of several checks: holds when all do, and says each one's figure. */
export function allOf(checks: readonly ProveResult[]): ProveResult {
  return {
    holds: checks.every((check) => check.holds),
    figure: checks.map((check) => check.figure).join('; '),
    details: checks.filter((check) => !check.holds).flatMap(reasonsOf),
    log: checks.flatMap((check) => check.log ?? []),
  };
}

/** A part that gives no reason is its own: among many it must show which one it was. */
function reasonsOf({ figure, details = [] }: ProveResult): readonly string[] {
  return details.length > 0 ? details : [`this part: ${figure}`];
}

/** Returns what is not so, in its own words: `{ 'every call was served': served === calls }`. */
export function unmet(conditions: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(conditions).flatMap(([what, isSo]) => (isSo ? [] : [`not so: ${what}`]));
}
