/** The statement of an identity provider about a person, made plausible: every text is bounded and without control characters. */
export interface Assertion {
  readonly organizationId: string;
  readonly providerId: string;
  readonly subject: string;
  /** In lower case; null: none was said, or it is no address. */
  readonly email: string | null;
  /** False only if the provider says that it did not verify the address. */
  readonly emailVerified: boolean;
  readonly name: string | null;
  /** Null: the provider said nothing of groups, or fewer than there are: then roles stay as they are. At most 1,000. */
  readonly groups: readonly string[] | null;
  readonly groupsTruncated: boolean;
  readonly secondFactor: boolean;
  /** The session's id at the provider. */
  readonly sid: string | null;
  /** The time at which the person signed in at the provider; null: it did not say. */
  readonly authenticatedAtMs: number | null;
  /** All claims as they came, for the page of a test; bounded to 64 kB and 200 fields; never stored. */
  readonly claims: Readonly<Record<string, unknown>>;
}
