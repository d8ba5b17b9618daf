/** What a registry may be asked with: user and password, or the identity token that stands in their place. */
export type Credential =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string };
