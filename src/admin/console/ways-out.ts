/** The ways out that lie on these pages, by the error's code; the catalogue's are commands and flags. */
const here: Readonly<Record<string, string>> = {
  item_exists: "choose another name, or rename or delete that one first",
  item_unknown: "it has been removed meanwhile: close this, and look at the page Vault",
  item_in_use: "choose another credential for them first, on the page Endpoints",
  item_not_waiting: "look at its details; to give it another value, rotate it",
  item_changed: "look at its details, then try again",
  item_not_generated: "give its new value: use an existing one",
  item_without_previous: "the time that it was kept for is over",
  certificate_without_key: "give the file that holds both, or the private key in a file of its own too",
  certificate_not_requested: "give the one that your CA made of that request; its menu downloads it again",
  certificate_ca_unknown: "ask whoever signed it, or download the certificate alone",
  certificate_ca_expired: "add a new certificate, with a new CA, under another name",
  certificate_waiting: "have your CA sign its request, then complete it from its menu on the page Vault",
  pkcs12_unreadable: "export it anew, or give the certificate and its private key as PEM files",
  key_encrypted: "give its passphrase",
  passphrase_wrong: "check the passphrase",
  credential_missing: "add it on the page Vault, or choose another credential for the endpoint",
  credential_expired: "rotate it on the page Vault: that puts a new one in its place",
  credential_unusable: "rotate it on the page Vault: that puts another in its place",
  credential_unavailable: "look at its source, in its details on the page Vault; it is asked again by itself",
  client_certificate_required: "add one on the page Vault, then choose it as a credential of the endpoint",
  upstream_untrusted: "name the CA that signed it as the CA file of the endpoint",
  upstream_tls_failed: "check that the URL names a TLS port; a test of the endpoint shows each step",
  endpoint_none: "add one on the page Endpoints",
  local_key_taken: "choose another name, or revoke that key first",
};

/** The way out of an error, as whoever sees these pages can take it. */
export const wayOut = (code: string | undefined, hint = ""): string => here[code ?? ""] ?? hint;
