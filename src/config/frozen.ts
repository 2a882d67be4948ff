/** Freezes a value and everything in it. A Map keeps what it holds: its changing methods throw from then on. */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map) {
    for (const [key, inner] of value) {
      frozen(key);
      frozen(inner);
    }
    // Not enumerable, so that a map still compares and prints as what it holds.
    for (const method of ["set", "delete", "clear"]) Object.defineProperty(value, method, { value: refuse });
  }
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

function refuse(): never {
  throw new TypeError("this map is frozen");
}
