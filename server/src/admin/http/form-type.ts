/** The content type of the forms that identity providers post. Every other body is JSON. */
export const FORM_TYPE = 'application/x-www-form-urlencoded';
