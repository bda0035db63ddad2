/** The text of a settings file cannot take what an agent's set-up writes. The message continues “… was not changed: ”. */
export class Unfit extends Error {}
