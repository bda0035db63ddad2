/** Judges the strength of a password by itself, without a list of leaked passwords. */

const PASSWORD_LENGTH_MIN = 10;
export const PASSWORD_LENGTH_MAX = 128;

/** Returns null, or what is required as part of a sentence. `about`: known data of the person, which must not be the password. */
export function passwordProblem(password: string, about: readonly string[]): string | null {
  if ([...password].length < PASSWORD_LENGTH_MIN) return `must have at least ${PASSWORD_LENGTH_MIN} characters`;
  if (password.length > PASSWORD_LENGTH_MAX) return `must have at most ${PASSWORD_LENGTH_MAX} characters`;
  const plain = unadorned(password);
  if (new Set([...password.toLowerCase()]).size < DIFFERENT_MIN)
    return `must have at least ${DIFFERENT_MIN} different characters`;
  if (isRepeated(password.toLowerCase())) return 'must not be a short text repeated';
  if (isRun(password.toLowerCase())) return 'must not be a run of letters, digits or keyboard keys';
  if (COMMON.some((word) => remainder(plain, word) < OWN_CHARACTERS_MIN))
    return 'must not be a common word with a few characters added';
  if (aboutParts(about).some((part) => remainder(plain, part) < OWN_CHARACTERS_MIN))
    return 'must not be your name or e-mail address with a few characters added';
  return null;
}

const DIFFERENT_MIN = 5;
/** The number of characters that must remain without a known word. */
const OWN_CHARACTERS_MIN = 6;
const ROWS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
];
const COMMON = [
  'password',
  'passwort',
  'motdepasse',
  'headgate',
  'letmein',
  'welcome',
  'qwerty',
  'administrator',
  'admin',
  'changeme',
  'iloveyou',
  'secret',
  'monkey',
  'dragon',
  'football',
  'baseball',
  'sunshine',
  'princess',
  'trustno',
  'correcthorsebatterystaple',
];

/** Returns the text in lower case, with digits and signs replaced by the letters they stand for. */
function unadorned(text: string): string {
  const letters: Readonly<Record<string, string>> = {
    '0': 'o',
    '1': 'i',
    '3': 'e',
    '4': 'a',
    '5': 's',
    '7': 't',
    '@': 'a',
    $: 's',
    '!': 'i',
  };
  return text.toLowerCase().replaceAll(/[013457@$!]/g, (sign) => letters[sign] ?? sign);
}

/** Returns how many characters remain without the word; Infinity if the text does not contain it. */
function remainder(text: string, word: string): number {
  return text.includes(word) ? text.replaceAll(word, '').length : Number.POSITIVE_INFINITY;
}

function isRepeated(text: string): boolean {
  for (let length = 1; length <= text.length / 2; length += 1) {
    if (
      text ===
      text
        .slice(0, length)
        .repeat(Math.ceil(text.length / length))
        .slice(0, text.length)
    )
      return true;
  }
  return false;
}

function isRun(text: string): boolean {
  return ROWS.some((row) => row.includes(text) || row.includes([...text].reverse().join('')));
}

/** Returns names, their words, addresses and their local parts, without those shorter than four characters. */
function aboutParts(about: readonly string[]): readonly string[] {
  return about
    .flatMap((text) => [text, ...text.split(/[@\s]/)])
    .map((part) => unadorned(part.trim()))
    .filter((part) => part.length >= PART_LENGTH_MIN);
}

const PART_LENGTH_MIN = 4;
