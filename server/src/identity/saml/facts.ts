/** Reads from an assertion what is checked and used, without judging it. */
import { ASSERTION } from './words.ts';
import { childrenOf, leafText, type XmlElement } from './xml.ts';

/** The facts of a Response around its assertion. They are signed only if the Response is. */
export interface ResponseFacts {
  readonly destination: string | null;
  readonly inResponseTo: string | null;
  readonly issuer: string | null;
}

export interface AssertionFacts {
  readonly id: string;
  readonly version: string;
  readonly issuer: string | null;
  readonly issueInstant: string | null;
  readonly nameIds: readonly { readonly value: string | null; readonly format: string | null }[];
  readonly confirmations: readonly {
    readonly method: string | null;
    readonly recipient: string | null;
    readonly inResponseTo: string | null;
    readonly notBefore: string | null;
    readonly notOnOrAfter: string | null;
  }[];
  readonly notBefore: string | null;
  readonly notOnOrAfter: string | null;
  /** The audiences of each restriction: all of them must name us. */
  readonly audiences: readonly (readonly (string | null)[])[];
  /** Conditions that we do not know. */
  readonly unknownConditions: readonly string[];
  readonly authentications: readonly {
    readonly instant: string | null;
    readonly sessionIndex: string | null;
    readonly sessionNotOnOrAfter: string | null;
    readonly context: string | null;
  }[];
  readonly attributes: readonly { readonly name: string; readonly values: readonly string[] }[];
}

const KNOWN_CONDITIONS: ReadonlySet<string> = new Set(['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction']);

export function responseFacts(response: XmlElement): ResponseFacts {
  return {
    destination: response.attributes.get('Destination') ?? null,
    inResponseTo: response.attributes.get('InResponseTo') ?? null,
    issuer: textOf(childrenOf(response, ASSERTION, 'Issuer')[0]),
  };
}

export function assertionFacts(assertion: XmlElement): AssertionFacts {
  const subject = childrenOf(assertion, ASSERTION, 'Subject')[0];
  const conditions = childrenOf(assertion, ASSERTION, 'Conditions')[0];
  return {
    id: assertion.attributes.get('ID') ?? '',
    version: assertion.attributes.get('Version') ?? '',
    issuer: textOf(childrenOf(assertion, ASSERTION, 'Issuer')[0]),
    issueInstant: assertion.attributes.get('IssueInstant') ?? null,
    nameIds: (subject === undefined ? [] : childrenOf(subject, ASSERTION, 'NameID')).map((one) => ({
      value: leafText(one),
      format: one.attributes.get('Format') ?? null,
    })),
    confirmations: (subject === undefined ? [] : childrenOf(subject, ASSERTION, 'SubjectConfirmation')).map(confirmationOf),
    notBefore: conditions?.attributes.get('NotBefore') ?? null,
    notOnOrAfter: conditions?.attributes.get('NotOnOrAfter') ?? null,
    audiences: (conditions === undefined ? [] : childrenOf(conditions, ASSERTION, 'AudienceRestriction')).map((restriction) =>
      childrenOf(restriction, ASSERTION, 'Audience').map((one) => leafText(one)),
    ),
    unknownConditions: (conditions?.children ?? []).map(({ local }) => local).filter((local) => !KNOWN_CONDITIONS.has(local)),
    authentications: childrenOf(assertion, ASSERTION, 'AuthnStatement').map(authenticationOf),
    attributes: attributesOf(assertion),
  };
}

function confirmationOf(confirmation: XmlElement): AssertionFacts['confirmations'][number] {
  const data = childrenOf(confirmation, ASSERTION, 'SubjectConfirmationData')[0]?.attributes;
  return {
    method: confirmation.attributes.get('Method') ?? null,
    recipient: data?.get('Recipient') ?? null,
    inResponseTo: data?.get('InResponseTo') ?? null,
    notBefore: data?.get('NotBefore') ?? null,
    notOnOrAfter: data?.get('NotOnOrAfter') ?? null,
  };
}

function authenticationOf(statement: XmlElement): AssertionFacts['authentications'][number] {
  const context = childrenOf(statement, ASSERTION, 'AuthnContext')[0];
  return {
    instant: statement.attributes.get('AuthnInstant') ?? null,
    sessionIndex: statement.attributes.get('SessionIndex') ?? null,
    sessionNotOnOrAfter: statement.attributes.get('SessionNotOnOrAfter') ?? null,
    context: context === undefined ? null : textOf(childrenOf(context, ASSERTION, 'AuthnContextClassRef')[0]),
  };
}

/** Returns attributes by name. Some identity providers repeat an attribute for each value, so those of one name are joined. */
function attributesOf(assertion: XmlElement): AssertionFacts['attributes'] {
  const found = new Map<string, string[]>();
  for (const statement of childrenOf(assertion, ASSERTION, 'AttributeStatement')) {
    for (const attribute of childrenOf(statement, ASSERTION, 'Attribute')) {
      const name = attribute.attributes.get('Name') ?? '';
      const values = found.get(name) ?? [];
      found.set(name, values);
      // A value that consists of elements is not read.
      for (const value of childrenOf(attribute, ASSERTION, 'AttributeValue')) {
        const text = leafText(value);
        if (text !== null) values.push(text);
      }
    }
  }
  return [...found].map(([name, values]) => ({ name, values }));
}

function textOf(element: XmlElement | undefined): string | null {
  return element === undefined ? null : leafText(element);
}
