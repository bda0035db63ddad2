/** Makes and checks the hashes of passwords. */
export interface PasswordHashing {
  hash(password: string): Promise<string>;
  verify(both: { readonly password: string; readonly hash: string }): Promise<boolean>;
}

/** The parts of the store and settings that sign-in needs. */
export interface IdentityOptions {
  /** A Drizzle database. */
  readonly db: object;
  /** The tables, under the names that the engine uses. */
  readonly tables: Readonly<Record<string, unknown>>;
  /** The public URL; null: none is set. */
  readonly publicUrl: string | null;
  /** 32 bytes: signs cookies, seals the secrets of authenticator apps, hashes recovery codes. */
  readonly key: Buffer;
  readonly nowMs: () => number;
  /** Resolves with false for a disabled account, which gets no session. */
  readonly mayEnter: (accountId: string) => Promise<boolean>;
  /** Claims a name for a time in milliseconds. Resolves with false if it is already claimed. */
  readonly claimOnce: (name: string, forMs: number) => Promise<boolean>;
  /** The most passwords that may wait to be hashed; 200 by default. */
  readonly hashesWaitingMax?: number;
  /** Replaces the library's scrypt. Only tests that are not about passwords set it. */
  readonly passwords?: PasswordHashing;
  /** Ends the session with this token. */
  readonly endSession: (token: string) => Promise<void>;
}
