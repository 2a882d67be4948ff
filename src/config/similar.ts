/**
 * The one of `known` that was probably meant by `found`: the nearest by edit distance, if it is near enough for its
 * length, or one that begins as it does. Case, dashes and underscores do not count: `defaultEndpoint` and `default_endpoint` mean `default-endpoint`.
 */
export function similar(found: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, "");
  const wanted = plain(found.slice(0, 80));
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const other = plain(name);
    const begins = wanted.length > 2 && (wanted.startsWith(other) || other.startsWith(wanted));
    const distance = begins ? 1 : editDistance(wanted, other);
    const near = distance <= Math.max(1, Math.floor(Math.min(wanted.length, name.length) / 3));
    if (near && distance < (best?.distance ?? Infinity)) best = { name, distance };
  }
  return best?.name;
}

/** How many characters must be inserted, removed, replaced or swapped with their neighbour to make `b` of `a`. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1] ?? [];
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? (rows[i - 2]?.[j - 2] ?? 0) + 1
          : Infinity;
      row.push(Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced, swapped));
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? Infinity;
}
