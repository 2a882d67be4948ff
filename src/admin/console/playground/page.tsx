import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Endpoints } from "../../api/shapes/endpoint.ts";
import { useLoaded } from "../loaded.ts";
import { Empty } from "../ui/empty.tsx";
import { Failure } from "../ui/failure.tsx";
import { Page } from "../ui/page.tsx";
import { Choice } from "./choice.tsx";
import { Composer } from "./composer.tsx";
import { Conversation } from "./conversation.ts";
import { SidePanel } from "./side-panel.tsx";
import { Transcript } from "./transcript.tsx";
import "./playground.css";

/** Lives as long as the page is not loaded anew, so that it is still there after a look at another part of the console. */
const conversation = new Conversation();

/** The page "Playground". */
export function PlaygroundPage() {
  const { value, error } = useLoaded<Endpoints>("/endpoints");
  const { endpoint, model } = useLocation().query;
  useEffect(() => {
    if (endpoint !== undefined) conversation.endpoint.value = endpoint;
    if (model !== undefined) conversation.model.value = model;
  }, [endpoint, model]);
  return (
    <Page
      title="Playground"
      lead="Talk to a model as your applications do, with the credentials of its endpoint."
    >
      <Failure error={error} />
      {value?.endpoints.length === 0 ? (
        <Empty title="There is no endpoint to talk to yet">
          <p>
            <a href="/endpoints">Add an endpoint</a>, and its models can be tried here.
          </p>
        </Empty>
      ) : (
        <div class="playground">
          <div class="talk card">
            <Choice conversation={conversation} endpoints={value?.endpoints ?? []} />
            <Transcript conversation={conversation} />
            <Composer conversation={conversation} />
          </div>
          <SidePanel conversation={conversation} />
        </div>
      )}
    </Page>
  );
}
