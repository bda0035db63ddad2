/**
 * The attributes of people that the directory keeps. Everything else that an identity provider sends (phone numbers, photos, a
 * password) is dropped unread. Names are compared without regard to case, and stored as they are written here.
 */

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Takes the schema of people or groups from the beginning of a path in lower case. */
export function withoutCoreSchema(path: string): string {
  const schema = [USER_SCHEMA, GROUP_SCHEMA].find((one) => path.startsWith(`${one.toLowerCase()}:`));
  return schema === undefined ? path : path.slice(schema.length + 1);
}

/** A text has at most `lengthMax` UTF-16 units. */
export interface TextAttribute {
  readonly is: 'text';
  readonly about: string;
  readonly lengthMax: number;
}

export interface FlagAttribute {
  readonly is: 'flag';
  readonly about: string;
}

export type SimpleAttribute = TextAttribute | FlagAttribute;
export type Parts = Readonly<Record<string, SimpleAttribute>>;

/** An object of simple attributes, or a list of such objects. */
export interface ComplexAttribute {
  readonly is: 'complex' | 'list';
  readonly about: string;
  readonly parts: Parts;
}

export type Attribute = SimpleAttribute | ComplexAttribute;
export type Attributes = Readonly<Record<string, Attribute>>;

const text = (about: string, lengthMax = 200): TextAttribute => ({ is: 'text', about, lengthMax });
const flag = (about: string): FlagAttribute => ({ is: 'flag', about });

export const USER_ATTRIBUTES: Attributes = {
  userName: text('The name that identifies the person in the directory. Compared without regard to case.', 256),
  externalId: text('The id of the person at the identity provider.', 256),
  name: {
    is: 'complex',
    about: 'The parts of the name.',
    parts: {
      formatted: text('The whole name.', 400),
      familyName: text('The family name.'),
      givenName: text('The given name.'),
      middleName: text('The middle name.'),
      honorificPrefix: text('A title before the name.'),
      honorificSuffix: text('A title after the name.'),
    },
  },
  displayName: text('The name that is shown.', 400),
  nickName: text('The nickname.'),
  title: text('The title of the job.'),
  userType: text('The kind of the person, such as employee.'),
  preferredLanguage: text('The preferred language.', 50),
  locale: text('The place whose formats the person uses.', 50),
  timezone: text('The time zone.', 50),
  active: flag('False disables the membership: keys and roles here stop at once, and work again when it is true.'),
  emails: {
    is: 'list',
    about: 'The addresses. The primary one is the address of the account; else the one for work, else the first.',
    parts: {
      value: text('The address.', 254),
      type: text('The kind of the address, such as work.', 50),
      primary: flag('True for the address that counts.'),
    },
  },
  [ENTERPRISE_SCHEMA]: {
    is: 'complex',
    about: 'What the enterprise extension says.',
    parts: {
      employeeNumber: text('The number of the employee.'),
      costCenter: text('The cost center.'),
      organization: text('The organization.'),
      division: text('The division.'),
      department: text('The department.'),
    },
  },
};

/** The most objects in a list. */
export const LIST_MAX = 20;

/** Returns the name of an attribute as it is written here, and the attribute; null if the directory does not keep it. */
export function attributeNamed<T>(attributes: Readonly<Record<string, T>>, name: string): readonly [string, T] | null {
  const wanted = name.toLowerCase();
  return Object.entries(attributes).find(([one]) => one.toLowerCase() === wanted) ?? null;
}
