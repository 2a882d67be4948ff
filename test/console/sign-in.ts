import type { Console } from "./support.ts";

/** What a browser keeps of its session. */
export interface SignedIn {
  /** `name=value`. */
  readonly cookie: string;
  readonly token: string;
  /** The whole header that set the cookie. */
  readonly setCookie: string;
}

export const codeIn = (link: string): string => new URL(link).hash.replace("#link=", "");

/** Sends the code of a link, as the console's page does. */
export const enter = (it: Console, code: string): Promise<Response> =>
  fetch(`${it.url}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code }),
  });

export async function signIn(it: Console): Promise<SignedIn> {
  const answer = await enter(it, codeIn(await it.link()));
  const { token } = (await answer.json()) as { readonly token: string };
  const setCookie = answer.headers.get("set-cookie") ?? "";
  return { cookie: setCookie.split(";", 1)[0] ?? "", token, setCookie };
}

/** Asks with some of what a browser keeps. */
export const asBrowser = (
  it: Console,
  { cookie, token }: { readonly cookie?: string; readonly token?: string },
  { method = "GET", path = "/session" } = {},
): Promise<Response> =>
  fetch(`${it.url}/api/v1${path}`, {
    method,
    headers: {
      ...(cookie !== undefined && { cookie }),
      ...(token !== undefined && { "x-postern-token": token }),
    },
  });

/** The code of the error in an answer, with its status. */
export async function refusalIn(answer: Response): Promise<readonly [number, string]> {
  const { error } = (await answer.json()) as { readonly error: { readonly code: string } };
  return [answer.status, error.code];
}
