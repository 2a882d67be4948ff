import { PosternError } from "../errors.ts";

/** The result, or the error of ours that stands in its place; any other is thrown. */
export async function tried<T>(result: Promise<T>): Promise<T | PosternError> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof PosternError) return error;
    throw error;
  }
}
