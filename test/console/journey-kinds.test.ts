import { beforeAll, afterAll, test } from "vitest";
import { canaries } from "../support/canaries.ts";
import { makePki } from "../support/pki.ts";
import { fileOf, type Hand, handOn } from "./hands.ts";
import { Console } from "./support.ts";
import { VaultPage } from "./vault-page.ts";

let it: Console;
let vault: VaultPage;
let hand: Hand;
beforeAll(async () => {
  it = await Console.start();
  const page = await it.browse({ path: "/vault" });
  vault = new VaultPage(page);
  hand = handOn(page, "the keyboard alone");
});
afterAll(() => it[Symbol.asyncDispose]());

/** Deletes an item, and finds the focus where the next key makes sense. */
async function remove(name: string): Promise<void> {
  await vault.row(name).waitFor();
  await hand.press(vault.button(`Delete ${name}`));
  await hand.press(vault.dialog.getByRole("button", { name: "Delete", exact: true }));
  await vault.row(name).waitFor({ state: "detached" });
  await vault.page.locator("main :focus").waitFor();
}

const add = (): Promise<void> => hand.press(vault.dialog.getByRole("button", { name: "Add to Vault" }));

/** Fills in a dialog's fields, by their labels. */
async function fill(fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, text] of Object.entries(fields)) await hand.write(vault.field(label), text);
}

test("a serverless API key: generated and removed with the keyboard alone", async () => {
  await hand.write(vault.page.getByPlaceholder("Enter a name"), "my-key");
  await hand.press(vault.button("Generate"));
  await remove("my-key");
});

test.each([
  ["a bearer token", "Bearer Tokens", { "Bearer Token Name": "made" }],
  ["a certificate", "Certificates", { "Certificate Name": "made" }],
  ["an SSH key", "SSH Keys", { "SSH Key Name": "made" }],
])("%s: generated and removed with the keyboard alone", async (_name, plural, fields) => {
  await hand.pick(vault.button("Add Vault Item"), plural);
  await fill(fields);
  await add();
  await remove("made");
});

test.each([
  [
    "a serverless API key",
    "Serverless API Key",
    { "Serverless API Key Name": "given", "Serverless API Key": "sk-given-0123456789" },
  ],
  [
    "a bearer token",
    "Bearer Token",
    { "Bearer Token Name": "given", "Bearer Token": "given-0123456789abcdef" },
  ],
  [
    "registry credentials",
    "Registry Credentials",
    {
      "Registry Credentials Name": "given",
      Image: "nvcr.io/nim/meta/llama-3.1-8b-instruct",
      "Password or Access Token": "nvapi-0123456789",
    },
  ],
  [
    "an environment variable",
    "Environment Variable",
    { "Environment Variable Name": "given", Value: "two\nlines" },
  ],
  [
    "a Hugging Face token",
    "Hugging Face Token",
    { "Hugging Face Token Name": "given", "Hugging Face Token": "hf_0123456789abcdef" },
  ],
] as const)("%s: given and removed with the keyboard alone", async (_name, title, fields) => {
  if (title === "Serverless API Key") await hand.press(vault.button("Use an existing one"));
  else await hand.pick(vault.button("Add Vault Item"), title.replace(/s?$/, "s"));
  const way = vault.dialog.getByRole("radio", { name: `Use an existing ${title}` });
  await vault.dialog.waitFor();
  if ((await way.count()) > 0) await hand.press(way);
  await fill(fields);
  await add();
  await vault.dialog.waitFor({ state: "detached" });
  await remove("given");
});

test("a certificate and an SSH key: given as files and removed with the keyboard alone", async () => {
  const { certificate, "ssh-key": key } = canaries(await makePki());
  for (const [plural, title, { value }] of [
    ["Certificates", "Certificate", certificate],
    ["SSH Keys", "SSH Key", key],
  ] as const) {
    await hand.pick(vault.button("Add Vault Item"), plural);
    await hand.press(vault.dialog.getByRole("radio", { name: `Use an existing ${title}` }));
    await hand.give(vault.button("Choose a file").first(), fileOf("given.pem", value));
    await vault.dialog.getByText("given.pem", { exact: true }).waitFor();
    await vault.holds(`${title} Name`, "given");
    await add();
    await remove("given");
  }
});
