/**
 * A value that is at hand, or that comes. What an ordinary request needs is at hand, and then nothing waits: each promise
 * in a row would cost it as much as a header.
 */
export type Soon<T> = T | Promise<T>;

/** Goes on with a value: at once where it is at hand. */
export function when<T, U>(value: Soon<T>, goOn: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
