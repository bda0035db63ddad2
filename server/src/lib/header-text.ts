/** All but what a header carries as it is: visible ASCII without the percent sign. */
const OTHERS = /[^\x21-\x24\x26-\x7e]+/g;

/**
 * Any text as a header's value, whoever wrote it: visible ASCII stays, everything else and `%` is percent-encoded (RFC 3986, as UTF-8), so
 * that decoding gives the text back. Half a surrogate pair counts as U+FFFD.
 */
export function headerText(text: string): string {
  return text.isWellFormed() ? encoded(text) : encoded(text.toWellFormed());
}

function encoded(text: string): string {
  return text.replace(OTHERS, encodeURIComponent);
}
