import { takesOrRefuses } from "./certificate-fuzz.ts";

takesOrRefuses(50_000);
