import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 40rem; margin: 0 auto; padding: 1.5rem; }
label { display: block; font-weight: 600; }
textarea { box-sizing: border-box; width: 100%; font: .875rem/1.4 ui-monospace, monospace; }
button { font: inherit; padding: .4rem 1.25rem; margin-top: .75rem; }
code { overflow-wrap: anywhere; }
[role=alert] { border-inline-start: .3rem solid #c62828; padding-inline-start: .75rem; }
`;
// In one piece, because its hash is of every character between the tags.
const STYLE_ELEMENT = raw(`<style>${STYLE}</style>`);

/** What a Content-Security-Policy has to allow so that the page has its style. */
export const SIGN_IN_STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** The page on which a Kubernetes token is pasted. It works without scripts, and never shows a token again. */
export function signInPage({
  next,
  complaint,
}: {
  /** Where to go afterwards; a path of this server. */
  readonly next: string;
  readonly complaint?: string | undefined;
}): ReturnType<typeof html> {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Sign in &ndash; Headwind</title>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        ${STYLE_ELEMENT}
      </head>
      <body>
        <main>
          <h1>Sign in to Headwind</h1>
          ${complaint === undefined ? '' : html`<p role="alert" id="complaint">${complaint}</p>`}
          <form method="post" action="/auth/sign-in">
            <input type="hidden" name="next" value="${next}" />
            <label for="token">Kubernetes token</label>
            <textarea
              id="token"
              name="token"
              rows="6"
              required
              autofocus
              autocomplete="off"
              autocapitalize="off"
              spellcheck="false"
              aria-describedby="hint${complaint === undefined ? '' : ' complaint'}"
            ></textarea>
            <p id="hint">
              For example that of a service account, which
              <code>kubectl create token &lt;service account&gt; -n &lt;namespace&gt;</code> prints. You may
              do here what Kubernetes allows you to do.
            </p>
            <button type="submit">Sign in</button>
          </form>
        </main>
      </body>
    </html>`;
}
