/** A configuration of an identity provider that cannot be saved. `pointer` names the field, as in `/issuer`. */
export class ConfigProblem extends Error {
  readonly pointer: string;
  constructor(pointer: string, words: string) {
    super(words);
    this.name = 'ConfigProblem';
    this.pointer = pointer;
  }
}

/** An identity provider that did not answer, or not in a form that its protocol allows. The message is for the person who signs in. */
export class ProviderUnreachable extends Error {
  constructor(words: string) {
    super(words);
    this.name = 'ProviderUnreachable';
  }
}

/** An identity provider that cannot be asked before somebody enters what is missing. The message says what. */
export class ProviderIncomplete extends ProviderUnreachable {}
