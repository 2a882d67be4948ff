import { useState } from "preact/hooks";
import type { Configuration } from "../../api/shapes/configuration.ts";
import { asApiError } from "../api-error.ts";
import { send } from "../client.ts";
import { useLoaded } from "../loaded.ts";
import { Button } from "../ui/button.tsx";
import { Failure } from "../ui/failure.tsx";
import { Loading } from "../ui/loading.tsx";
import { Moment } from "../ui/moment.tsx";
import { Notice } from "../ui/notice.tsx";
import { notify } from "../ui/notify.tsx";
import { Tag } from "../ui/tag.tsx";
import { sentence } from "../ui/words.ts";
import { ConfigurationText, showLine } from "./configuration-text.tsx";

/** The configuration file as it lies there, and whether it is what the gateway does. */
export function ConfigurationTab() {
  const { value, error, reload } = useLoaded<Configuration>("/configuration", { everyMs: 3_000 });
  const [busy, setBusy] = useState(false);
  const readAgain = async (): Promise<void> => {
    setBusy(true);
    try {
      await send("POST", "/configuration/reload");
      notify({ tone: "good", text: "The configuration was read again, and is in force." });
    } catch (error) {
      const { code, message, hint } = asApiError(error);
      // Its problems are shown at their lines.
      if (code === "config_invalid")
        notify({
          tone: "bad",
          text: "The file has problems.",
          hint: "The last good configuration stays in force.",
        });
      else notify({ tone: "bad", text: sentence(message), hint: sentence(hint) });
    }
    await reload();
    setBusy(false);
  };
  return (
    <div class="settings-panel">
      <Failure error={error} />
      {value === undefined && error === undefined && <Loading />}
      {value !== undefined && (
        <>
          <div class="settings-head">
            <div>
              <p class="settings-file mono">{value.file}</p>
              <p class="settings-state">
                {value.inForce ? <Tag tone="good">in force</Tag> : <Tag tone="bad">not in force</Tag>}
                <span class="quiet">
                  {value.inForce ? "since " : "the one in force is from "}
                  <Moment at={value.since} />
                </span>
              </p>
            </div>
            <Button icon="rotate" busy={busy} onClick={() => void readAgain()}>
              Reload
            </Button>
          </div>
          <State {...value} />
          <ConfigurationText text={value.text} problems={value.problems} />
        </>
      )}
    </div>
  );
}

function State({ problems, inForce, needsRestart }: Configuration) {
  return (
    <>
      {problems.length > 0 && (
        <Notice
          tone="bad"
          title={`The file has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}. The last good configuration stays in force.`}
        >
          <ul class="settings-problems">
            {problems.map(({ line, message }) => (
              <li key={`${line} ${message}`}>
                <button type="button" class="settings-link" onClick={() => showLine(line)}>
                  Line {line}
                </button>{" "}
                {message}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {problems.length === 0 && !inForce && (
        <Notice tone="warn" title="The file has changed, and what it says now is not in force.">
          Postern reads it again by itself within a second or two; Reload does so now.
        </Notice>
      )}
      {needsRestart.length > 0 && (
        <Notice tone="warn" title={`A restart is needed for: ${needsRestart.join(", ")}.`}>
          These keys of the file change only when postern serve starts; the rest of the file is in force.
        </Notice>
      )}
    </>
  );
}
