/** A gateway, as who has its admin token sees it. */
export interface Administered {
  readonly app: { readonly admin: string };
  readonly adminToken: string;
}

interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** A request to the API by a program, whose answer may be a stream. */
export const asAdmin = (
  gateway: Administered,
  path: string,
  { body, ...asked }: Asked = {},
): Promise<Response> =>
  fetch(`${gateway.app.admin}/api/v1${path}`, {
    ...asked,
    headers: {
      Authorization: `Bearer ${gateway.adminToken}`,
      ...(body !== undefined && { "Content-Type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
