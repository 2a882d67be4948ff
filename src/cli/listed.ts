/** Reads names that are given in a list, or in several: `--items a,b` and `--items a --items b` are both. */
export const listed = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...value.split(",").map((name) => name.trim()),
];
