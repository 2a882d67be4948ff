import { type Answer, document, refusal } from "./answer.ts";

/** The models that every sandbox serves. */
export const models = [
  { id: "meta-llama/Llama-3.2-3B-Instruct", writes: true },
  { id: "BAAI/bge-small-en-v1.5", writes: false },
] as const;
export type Model = (typeof models)[number];

const shown = ({ id }: Model, created: number): object => ({
  id,
  object: "model",
  created,
  owned_by: "sandbox",
});

/** `GET /v1/models` */
export function listModels(created: number): Answer {
  return document({ object: "list", data: models.map((model) => shown(model, created)) });
}

/** `GET /v1/models/<id>`, the id's slash encoded or not. */
export function showModel(id: string, created: number): Answer {
  const model = findModel(id);
  return model === undefined ? unknownModel(id) : document(shown(model, created));
}

export const findModel = (id: unknown): Model | undefined => models.find((model) => model.id === id);

export function unknownModel(id: string): Answer {
  return refusal(404, `The model \`${id}\` does not exist or you do not have access to it.`, {
    param: "model",
    code: "model_not_found",
  });
}
