import type { Endpoint } from "../../api/shapes/endpoint.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Failure } from "../ui/failure.tsx";
import { Notice } from "../ui/notice.tsx";
import { sentence } from "../ui/words.ts";
import { FoundModels } from "./found-models.tsx";
import { Steps } from "./steps.tsx";
import { type Testing, useTesting } from "./testing.ts";

/** Shows each step to an endpoint as it passes, and at the end in one sentence whether it is ready. */
export function TestDialog({
  endpoint,
  onClose,
}: {
  readonly endpoint: Endpoint;
  readonly onClose: () => void;
}) {
  const { again, ...testing } = useTesting(endpoint.name);
  const { end, error } = testing;
  const running = end === undefined && error === undefined;
  return (
    <Dialog
      open
      title={`Test ${endpoint.name}`}
      onClose={onClose}
      footer={
        <>
          <Button busy={running} onClick={again}>
            {running ? "Testing" : "Test again"}
          </Button>
          <Button onClick={onClose}>Close</Button>
        </>
      }
    >
      <Steps endpoint={endpoint} testing={testing} />
      <div aria-live="polite">
        {end !== undefined && (
          <Notice tone={end.ok ? "good" : "bad"} title={sentence(end.message)}>
            {end.hint === "" ? undefined : sentence(end.hint)}
          </Notice>
        )}
      </div>
      {end?.ok === true && <FoundModels endpoint={endpoint} found={foundIn(testing)} />}
      <Failure error={error} />
    </Dialog>
  );
}

const foundIn = ({ steps }: Testing): readonly string[] => steps.flatMap(({ models }) => models ?? []);
