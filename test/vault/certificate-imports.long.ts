import { setUp, takesEveryForm } from "./imports.ts";

setUp();
takesEveryForm(["P-256", "P-521", "RSA-3072", "Ed448"]);
