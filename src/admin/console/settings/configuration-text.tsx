import type { Fault } from "../../api/shapes/configuration.ts";

const idOf = (line: number): string => `configuration-line-${line}`;

/** Brings a line into sight, and the focus to it. */
export function showLine(line: number): void {
  const element = document.getElementById(idOf(line));
  element?.scrollIntoView({ block: "center" });
  element?.focus({ preventScroll: true });
}

/** A configuration's text with line numbers, and each problem under its line. */
export function ConfigurationText({
  text,
  problems,
}: {
  readonly text: string;
  readonly problems: readonly Fault[];
}) {
  const lines = text.replace(/\n$/, "").split("\n");
  return (
    <div class="configuration" role="region" aria-label="The configuration file" tabIndex={0}>
      <ol>
        {lines.map((line, index) => (
          <Line
            key={index}
            number={index + 1}
            text={line}
            problems={problems.filter((problem) => problem.line === index + 1)}
          />
        ))}
      </ol>
    </div>
  );
}

function Line({
  number,
  text,
  problems,
}: {
  readonly number: number;
  readonly text: string;
  readonly problems: readonly Fault[];
}) {
  const classes = [/^\s*#/.test(text) && "comment", problems.length > 0 && "wrong"].filter(Boolean);
  return (
    <li id={idOf(number)} class={classes.join(" ")} tabIndex={-1}>
      <span class="configuration-number" aria-hidden="true">
        {number}
      </span>
      <code>{text === "" ? " " : text}</code>
      {problems.map(({ message, hint }) => (
        <div key={message} class="configuration-problem">
          <p>{message}</p>
          <p class="configuration-hint">{hint}</p>
        </div>
      ))}
    </li>
  );
}
