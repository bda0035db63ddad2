/** The changes of people that Entra's documents show, with and without the flag `aadOptscim062020`, and some that it makes besides. */
import { ENTERPRISE } from './support.ts';

/** A PATCH of a person whose address is `person@<domain>`, and what the person has afterwards. */
export interface EntraCase {
  readonly name: string;
  readonly more?: object;
  readonly operations: (domain: string) => readonly object[];
  readonly gives: (domain: string) => object;
}

const work = (domain: string) => ({ type: 'work', primary: true, value: `person@${domain}` });

export const ENTRA_CASES: readonly EntraCase[] = [
  {
    name: 'disables a person, without the flag',
    operations: () => [{ op: 'Replace', path: 'active', value: 'False' }],
    gives: () => ({ active: false }),
  },
  {
    name: 'disables a person, with the flag',
    operations: () => [{ op: 'replace', path: 'active', value: false }],
    gives: () => ({ active: false }),
  },
  {
    name: 'adds a text, without the flag',
    operations: () => [{ op: 'Add', path: 'nickName', value: 'Babs' }],
    gives: () => ({ nickName: 'Babs' }),
  },
  {
    name: 'adds a text, with the flag',
    operations: () => [{ op: 'add', path: 'nickName', value: 'Babs' }],
    gives: () => ({ nickName: 'Babs' }),
  },
  {
    name: 'replaces several attributes, without the flag',
    operations: (domain) => [
      { op: 'Replace', path: 'displayName', value: 'Pvlo' },
      { op: 'Replace', path: 'emails[type eq "work"].value', value: `TestBcwqnm@${domain}` },
      { op: 'Replace', path: 'name.givenName', value: 'Gtfd' },
      { op: 'Replace', path: 'name.familyName', value: 'Pkqf' },
      { op: 'Replace', path: 'externalId', value: 'Eqpj' },
      { op: 'Replace', path: `${ENTERPRISE}:employeeNumber`, value: 'Eqpj' },
    ],
    gives: (domain) => ({
      displayName: 'Pvlo',
      emails: [{ ...work(domain), value: `TestBcwqnm@${domain}` }],
      name: { givenName: 'Gtfd', familyName: 'Pkqf' },
      externalId: 'Eqpj',
      [ENTERPRISE]: { employeeNumber: 'Eqpj' },
    }),
  },
  {
    name: 'replaces several attributes, with the flag',
    operations: (domain) => [
      { op: 'replace', path: 'emails[type eq "work"].value', value: `TestMhvaes@${domain}` },
      {
        op: 'replace',
        value: {
          displayName: 'Bjfe',
          'name.givenName': 'Kkom',
          'name.familyName': 'Unua',
          [`${ENTERPRISE}:employeeNumber`]: 'Aklq',
        },
      },
    ],
    gives: (domain) => ({
      displayName: 'Bjfe',
      emails: [{ ...work(domain), value: `TestMhvaes@${domain}` }],
      name: { givenName: 'Kkom', familyName: 'Unua' },
      [ENTERPRISE]: { employeeNumber: 'Aklq' },
    }),
  },
  {
    name: 'replaces an address that is not there: it is created',
    operations: (domain) => [{ op: 'Replace', path: 'emails[type eq "other"].value', value: `other@${domain}` }],
    gives: (domain) => ({ emails: [work(domain), { type: 'other', value: `other@${domain}` }] }),
  },
  {
    name: 'replaces the parts of a name that is not there',
    more: { name: undefined },
    operations: () => [{ op: 'Replace', path: 'name.familyName', value: 'King' }],
    gives: () => ({ name: { familyName: 'King' } }),
  },
  {
    name: 'sends attributes that are not kept together with one that is',
    operations: () => [
      { op: 'Replace', path: 'phoneNumbers[type eq "work"].value', value: '+1-555-0100' },
      { op: 'Replace', path: 'addresses[type eq "work"].postalCode', value: '94105' },
      { op: 'Add', path: 'roles[primary eq "True"].value', value: 'org_owner' },
      { op: 'Add', path: `${ENTERPRISE}:manager`, value: 'mem_1' },
      { op: 'Replace', path: 'urn:ietf:params:scim:schemas:extension:other:1.0:User:color', value: 'red' },
      { op: 'Replace', path: 'title', value: 'Engineer' },
    ],
    gives: () => ({ title: 'Engineer' }),
  },
  {
    name: 'writes names of attributes in another case',
    operations: () => [{ OP: 'REPLACE', Path: 'DISPLAYNAME', Value: 'Cased' }],
    gives: () => ({ displayName: 'Cased' }),
  },
  {
    name: 'removes an attribute, and one that is not there',
    more: { title: 'Engineer' },
    operations: () => [
      { op: 'Remove', path: 'title' },
      { op: 'remove', path: 'nickName' },
      { op: 'remove', path: 'emails[type eq "home"]' },
    ],
    gives: (domain) => ({ emails: [work(domain)] }),
  },
  {
    name: 'enables a person with a text, in another case',
    more: { active: false },
    operations: () => [{ op: 'Add', path: 'active', value: 'TRUE' }],
    gives: () => ({ active: true }),
  },
  {
    name: 'replaces a flag in a list by a text',
    operations: () => [{ op: 'Replace', path: 'emails[primary eq "True"].type', value: 'home' }],
    gives: (domain) => ({ emails: [{ ...work(domain), type: 'home' }] }),
  },
];
