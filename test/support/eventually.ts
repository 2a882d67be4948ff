/**
 * Waits until `check` no longer throws and returns what it returned. The bound only ends a test that fails; a test
 * that passes never waits for it.
 */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = 20_000): Promise<T> {
  const last = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > last) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
