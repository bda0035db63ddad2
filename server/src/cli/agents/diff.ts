/** Shows what changes in a text, line by line, without secrets. */

const CONTEXT = 2;
/** Longer texts are compared only between their first and last difference. */
const LINES_MAX = 1_500;

/** Returns the changed lines with two lines around them; null if nothing changes. */
export function lineDiff(before: string, after: string): readonly string[] | null {
  if (before === after) return null;
  const steps = stepsBetween(linesOf(before), linesOf(after));
  const near = steps.map((_, at) => steps.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ sign }) => sign !== ' '));
  return steps.flatMap(({ sign, line }, at) => {
    if (near[at] === true) return [`${sign} ${masked(line)}`];
    return near[at - 1] === true ? ['…'] : [];
  });
}

/** Returns a line for a terminal: values of secrets and long random texts are replaced, and characters that a terminal obeys. */
function masked(line: string): string {
  return line
    .replaceAll(NAMED_SECRET, '$1••••••')
    .replaceAll(LIKE_A_SECRET, '••••••')
    .replaceAll(/[^\P{Cc}\t]/gu, '?');
}

/** A value after a name of secrets. Not one: the name of a variable, a path, a short number, and our own command. */
const NAMED_SECRET =
  /((?:(?<!env_)key|token|secret|password|authorization|credential)\w*["']?\s*[=:]\s*["']?)(?!\{env:|["']?$|headgate |\/|\d{1,9}\b)([^\s"',}]{6,})/gi;
const LIKE_A_SECRET = /\b(?:sk|pk|ghp|gho|xoxb|xoxp|AIza|hgref|hgscim)[-_]?[\w-]{10,}/g;

interface Step {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

function linesOf(text: string): readonly string[] {
  if (text === '') return [];
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function stepsBetween(one: readonly string[], other: readonly string[]): readonly Step[] {
  let head = 0;
  while (head < one.length && head < other.length && one[head] === other[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(one.length, other.length) - head && one.at(-1 - tail) === other.at(-1 - tail)) tail += 1;
  const same = (lines: readonly string[]): readonly Step[] => lines.map((line) => ({ sign: ' ', line }));
  const middle = between(one.slice(head, one.length - tail), other.slice(head, other.length - tail));
  return [...same(one.slice(0, head)), ...middle, ...same(one.slice(one.length - tail))];
}

/** The longest common subsequence by its table. */
function between(one: readonly string[], other: readonly string[]): readonly Step[] {
  const removed = (line: string): Step => ({ sign: '-', line });
  const added = (line: string): Step => ({ sign: '+', line });
  if (one.length > LINES_MAX || other.length > LINES_MAX) return [...one.map(removed), ...other.map(added)];
  const width = other.length + 1;
  const longest = new Uint16Array((one.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] as number;
  for (let i = one.length - 1; i >= 0; i -= 1)
    for (let j = other.length - 1; j >= 0; j -= 1)
      longest[i * width + j] = one[i] === other[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && one[i] === other[j]) {
      steps.push({ sign: ' ', line: one[i] as string });
      i += 1;
      j += 1;
    } else if (j === other.length || (i < one.length && at(i + 1, j) >= at(i, j + 1))) {
      steps.push(removed(one[i] as string));
      i += 1;
    } else {
      steps.push(added(other[j] as string));
      j += 1;
    }
  }
  return steps;
}
