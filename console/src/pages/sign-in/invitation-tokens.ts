/**
 * The tokens in an invitation's link. `token` opens the invitation; `mailToken` proves the address and is only in the mailed
 * link.
 */
export interface InvitationTokens {
  readonly token: string;
  readonly mailToken: string | undefined;
}

/** Returns the tokens as the API takes them. */
export function tokensBody({ token, mailToken }: InvitationTokens) {
  return mailToken === undefined ? { token } : { token, mail_token: mailToken };
}
