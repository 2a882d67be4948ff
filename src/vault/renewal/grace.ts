const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The length of "30m", "24h", "7d" or "0" in milliseconds, up to ten years; undefined for other texts. */
export function lengthIn(text: string): number | undefined {
  if (text === "0") return 0;
  const parts = /^(?<count>\d{1,7})(?<unit>[mhd])$/.exec(text)?.groups;
  const ms = Number(parts?.["count"]) * (unitMs[parts?.["unit"] ?? ""] ?? Number.NaN);
  return ms >= 0 && ms <= 3653 * 86_400_000 ? ms : undefined;
}
