import { wayOut } from "./ways-out.ts";

/** What the API, or the way to it, said against a request. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The stable code of the project's catalogue. */
  readonly code: string;
  /** The way out. */
  readonly hint: string;
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The field at fault, where the answer names one. */
  readonly param: string | null;

  constructor(
    status: number,
    said: { message: string; hint?: string; code?: string; param?: string | null },
  ) {
    super(said.message);
    this.status = status;
    this.hint = wayOut(said.code, said.hint);
    this.code = said.code ?? "unknown";
    this.param = said.param ?? null;
  }
}

/** The error that a refusing answer carries; of a proxy's page at least its status. */
export async function errorIn(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error: { message: string; hint?: string; code?: string } };
    if (typeof error.message === "string") return new ApiError(response.status, error);
  } catch {
    // Not ours: said below.
  }
  return new ApiError(response.status, {
    message: `the gateway answered with status ${response.status}`,
    hint: "look at its log: postern serve writes it to standard error",
  });
}

/** The error where no answer came. */
export const noAnswer = (hint: string): ApiError =>
  new ApiError(0, { code: "gateway_away", message: "the gateway does not answer", hint });

/** Anything thrown, as an ApiError: what the pages show has one shape. */
export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError(0, { message: error instanceof Error ? error.message : String(error), code: "internal" });
