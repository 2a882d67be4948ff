import { takesOrRefuses } from "./certificate-fuzz.ts";

takesOrRefuses(1_000);
