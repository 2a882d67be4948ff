import { setUp, takesEveryForm, takesForgeFiles } from "./imports.ts";

setUp();
takesEveryForm(["P-384", "RSA-2048", "Ed25519"]);
takesForgeFiles();
