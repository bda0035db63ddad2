/** What the link holds: `token` opens the invitation, `mailToken` proves the address and is in the mailed link alone. */
export interface InvitationTokens {
  readonly token: string;
  readonly mailToken: string | undefined;
}

/** The tokens as the API takes them. */
export function tokensBody({ token, mailToken }: InvitationTokens) {
  return mailToken === undefined ? { token } : { token, mail_token: mailToken };
}
