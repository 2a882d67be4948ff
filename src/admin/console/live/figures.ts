const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const clockWithSeconds = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** `14:05`, in the reader's own time zone. */
export const clockText = (at: number): string => clock.format(at);

/** `14:05:09`. */
export const secondText = (at: number): string => clockWithSeconds.format(at);

/** Two figures, as people say them: `0.4`, `5.1`, `58`. */
export const figure = (value: number): string =>
  value === 0 || value >= 10 ? String(Math.round(value)) : String(Number(value.toPrecision(2)));

export const speedText = (tokensPerSecond: number): string => `${figure(tokensPerSecond)} tok/s`;
