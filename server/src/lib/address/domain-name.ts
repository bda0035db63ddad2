import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { parse } from 'tldts';

const CHARS_MAX = 253;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The forms of a text that may be a domain, for the reference of the API. `readDomain` says more exactly what it accepts. */
export const DOMAIN_PATTERN = '^\\s*@?[^\\s@/:?#\\u0000-\\u001f\\u007f]+\\.[^\\s@/:?#\\u0000-\\u001f\\u007f]+\\s*$';

export type ReadDomain =
  | { readonly is: 'domain'; readonly domain: string }
  | { readonly is: 'invalid'; readonly problem: string };

/**
 * Reads a domain that one organization can own: in lower case, without a dot at the end, in ASCII (punycode). Refuses addresses,
 * single names, and suffixes under which others register names, such as `co.uk` or `github.io`.
 */
export function readDomain(text: string): ReadDomain {
  // A dot more than the longest name has, and an at sign, as in `@acme.com.`.
  const given = text.trim().replace(/^@/, '').replace(/\.$/, '');
  if (given.length > CHARS_MAX) return no(`must have at most ${CHARS_MAX} characters`);
  if (/[\s@/:?#%\\]/.test(given)) return no('must be a domain alone, such as acme.com: without https://, path or mailbox');
  const domain = domainToASCII(given).toLowerCase();
  if (isIP(domain.replace(/^\[|\]$/g, '')) !== 0) return no('must be a domain, not an IP address');
  const labels = domain.split('.');
  if (domain === '' || domain.length > CHARS_MAX || !labels.every((label) => LABEL.test(label)))
    return no('must be a domain such as acme.com: letters, digits and hyphens, with dots between');
  if (labels.length < 2 || /^\d+$/.test(labels.at(-1) ?? '')) return no('must be a whole domain such as acme.com');
  const known = parse(domain, { allowPrivateDomains: true, validateHostname: true });
  if (known.domain === null)
    return no('is a suffix under which anyone can register names, so nobody can own it: enter a domain below it');
  return { is: 'domain', domain };
}

function no(problem: string): ReadDomain {
  return { is: 'invalid', problem };
}
