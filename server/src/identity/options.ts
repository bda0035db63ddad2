/** What this room needs of the store and the settings. */
export interface IdentityOptions {
  /** A Drizzle database. */
  readonly db: object;
  /** The tables under the names by which the engine asks for them. */
  readonly tables: Readonly<Record<string, unknown>>;
  /** Where browsers come to; null: wherever they came to. */
  readonly publicUrl: string | null;
  /** 32 bytes: signs cookies, seals the secrets of authenticator apps, hashes recovery codes. */
  readonly key: Buffer;
  readonly nowMs: () => number;
  /** False for a disabled account, which gets no session. */
  readonly mayEnter: (accountId: string) => Promise<boolean>;
  /** Claims what may be used once, by its name, for so long; false when somebody was first. */
  readonly claimOnce: (name: string, forMs: number) => Promise<boolean>;
  /** How many passwords may wait to be hashed; 200 unless given. */
  readonly hashesWaitingMax?: number;
  /** Ends the session with this token. */
  readonly endSession: (token: string) => Promise<void>;
}
