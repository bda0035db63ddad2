const REDACTED = '[redacted]';
const KEY_PREFIX_LENGTH = 8;

/**
 * Patterns of the keys of known vendors, and of tokens in general. Providers quote them, sometimes partly replaced by asterisks.
 */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:sk|pk|rk|gsk|xai|ghp|hgadm|hgref|hgdev|hgcode|xox[a-z])[-_][\w*.-]{4,}/gi, REDACTED],
  [/\bAIza[\w-]{20,}/g, REDACTED],
  [/\bA[KS]IA[0-9A-Z]{12,}/g, REDACTED],
  [/\bya29\.[\w.-]{10,}/g, REDACTED],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, REDACTED],
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g, REDACTED],
  [/\b(bearer|basic)\s+[^\s"',]{8,}/gi, `$1 ${REDACTED}`],
  [/\b(api[-_ ]?key(?: provided)?["']?\s*[:=]\s*["']?)[^\s"',]+/gi, `$1${REDACTED}`],
  [/\b(authorization["']?\s*[:=]\s*["']?)[^\s"',]+/gi, `$1${REDACTED}`],
  // A user and a password in an address.
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']*@/gi, `$1${REDACTED}@`],
  [
    /(?<![a-z0-9])((?:password|passwd|secret|token|access[-_]?key|private[-_]?key|assertion|signature)["']?\s*[:=]\s*["']?)[^\s"',&]{8,}/gi,
    `$1${REDACTED}`,
  ],
];

/**
 * Removes from a provider's message the secrets that we called it with, words that begin like them, and anything that looks like a
 * secret.
 */
export function redactSecrets(text: string, secrets: string | readonly string[] | null): string {
  let clean = text;
  for (const secret of typeof secrets === 'string' ? [secrets] : (secrets ?? [])) clean = withoutKey(clean, secret);
  for (const [pattern, replacement] of SECRETS) clean = clean.replace(pattern, replacement);
  return clean;
}

function withoutKey(text: string, apiKey: string): string {
  if (apiKey.length === 0) return text;
  const whole = text.replaceAll(apiKey, REDACTED);
  if (apiKey.length < 2 * KEY_PREFIX_LENGTH) return whole;
  const begun = apiKey.slice(0, KEY_PREFIX_LENGTH).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return whole.replace(new RegExp(`${begun}[^\\s"',]*`, 'g'), REDACTED);
}
